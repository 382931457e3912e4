"""Your own text, or any TFDS data set with a text, learned letter by letter or word by word.

python recipes/language_model.py train --file book.txt
python recipes/language_model.py train --file book.txt --tokens words
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import LanguageModeling

recipe = Recipe(
    name="language_model",
    task="language_modeling",
    data=LanguageModeling(stateful=True),
    model="gru",
    hyperparameters={"units": 256, "dropout": 0.2},
    sequence_length=64,
    embedding_dim=64,
    epochs=10,
    batch_size=32,
    learning_rate=3e-3,
    schedule="cosine",
)

if __name__ == "__main__":
    cli.main(recipe)
