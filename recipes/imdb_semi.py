"""Film reviews of IMDB by a network that has read 75,000 of them before, and n-grams: with the unlabelled reviews.

python recipes/imdb_language.py train
python recipes/imdb_semi.py train

The first command trains the language model that the second one begins with.
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import TextClassification

recipe = Recipe(
    name="imdb_semi",
    task="classification",
    data=TextClassification("imdb_reviews", vocabulary_size=30_000, truncate="both", validation=0.05),
    model="lstm",
    hyperparameters={"units": 512, "pooling": "concat", "dropout": 0.2, "ngrams": 3},
    sequence_length=500,
    embedding_dim=200,
    word_dropout=0.2,
    weights="runs/imdb_language-lstm-0",
    rate_ratio=2.0,
    unfreeze=0.5,
    average=0.5,
    epochs=3,
    batch_size=64,
    schedule="cosine",
)

if __name__ == "__main__":
    cli.main(recipe)
