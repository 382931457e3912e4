"""The adding problem: the sum of two marked values among 200. Answering 1 always gives 1/6; solved is below 0.001.

python recipes/adding.py compare --models simple_rnn,lstm,gru
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceRegression

recipe = Recipe(
    name="adding",
    task="regression",
    data=SequenceRegression("adding/t200", label="sum", scale="none", scale_answers="none"),
    model="gru",
    hyperparameters={"units": 64, "dropout": 0.0},
    epochs=25,
    batch_size=50,
    learning_rate=3e-3,
    schedule="cosine",
    patience=None,
)

if __name__ == "__main__":
    cli.main(recipe)
