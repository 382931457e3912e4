"""Your own series, each of one class: an `.npz` file with x and y, "module:function", or a TFDS data set.

python recipes/series_classification.py train --source sensors.npz
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification

recipe = Recipe(
    name="series_classification",
    task="classification",
    data=SequenceClassification("sensors.npz"),
    model="lstm_fcn",
    hyperparameters={"units": 64, "filters": 64},
    epochs=50,
    batch_size=32,
    patience=10,
)

if __name__ == "__main__":
    cli.main(recipe)
