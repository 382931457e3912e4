"""Twenty gestures by the accelerometer of a smartwatch (https://tev.fbk.eu/resources/smartwatch), eight people.

python recipes/gestures.py train
python recipes/gestures.py train --group participant --test-groups 3    # no gesture of person 3 is seen in training
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification

AXES = ("features/accel_x", "features/accel_y", "features/accel_z")

recipe = Recipe(
    name="gestures",
    task="classification",
    data=SequenceClassification("smartwatch_gestures", fields=AXES),
    model="lstm_fcn",
    hyperparameters={"units": 64, "filters": 64},
    epochs=60,
    batch_size=32,
    learning_rate=1e-3,
    patience=15,
)

if __name__ == "__main__":
    cli.main(recipe)
