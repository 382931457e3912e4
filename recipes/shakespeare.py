"""Shakespeare, letter by letter (tiny_shakespeare): the first 90 % to learn from, the last 10 % to be judged by."""

from rnnzoo import Recipe, cli
from rnnzoo.data import LanguageModeling

recipe = Recipe(
    name="shakespeare",
    task="language_modeling",
    data=LanguageModeling("tiny_shakespeare", joined=True, stateful=True),
    model="lstm",
    hyperparameters={"units": 512, "dropout": 0.4},
    sequence_length=64,
    embedding_dim=64,
    epochs=10,
    batch_size=32,
    learning_rate=3e-3,
    schedule="cosine",
)

if __name__ == "__main__":
    cli.main(recipe)
