"""The words of 75,000 film reviews, one after the other: what `imdb_semi.py` begins with.

python recipes/imdb_language.py train

No label is read: the reviews are those of train and the 50,000 unlabelled ones. 35,000 words of their text are held
out.
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import LanguageModeling

recipe = Recipe(
    name="imdb_language",
    task="language_modeling",
    data=LanguageModeling(
        "imdb_reviews",
        tokens="words",
        vocabulary_size=30_000,
        splits="train+unsupervised",
        validation=0.002,
        stateful=True,
    ),
    model="lstm",
    hyperparameters={"units": 512, "dropout": 0.2, "tie_weights": True, "samples": 1024},
    sequence_length=100,
    embedding="ppmi",
    embedding_dim=200,
    epochs=3,
    batch_size=96,
    learning_rate=2e-3,
    schedule="cosine",
    patience=None,
)

if __name__ == "__main__":
    cli.main(recipe)
