"""The introductory lab: ten sequences of 5 steps x 2 features, low values against high ones.

`train` fits an LSTM of 10 units, `train --model mlp` the feed-forward network on ten points (each sequence's mean).
Both end with a loss under 0.02 and every training sequence right: a sound run over-fits ten examples. That is a sanity
test, not skill, so nothing is held out.
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification

recipe = Recipe(
    name="lab",
    task="classification",
    data=SequenceClassification("rnnzoo.data.embedded:lab", validation=0, test=0),
    model="lstm",
    hyperparameters={"units": 10, "dropout": 0.0},
    epochs=100,
    batch_size=10,
    learning_rate=0.01,
    patience=None,
    print_every=20,
)

if __name__ == "__main__":
    cli.main(recipe)
