"""Film reviews of IMDB: positive or negative (https://ai.stanford.edu/~amaas/data/sentiment/)."""

from rnnzoo import Recipe, cli
from rnnzoo.data import TextClassification

recipe = Recipe(
    name="imdb",
    task="classification",
    data=TextClassification("imdb_reviews", truncate="both"),
    model="bilstm",
    hyperparameters={"units": 64, "dropout": 0.5, "pooling": "mean_max"},
    sequence_length=400,
    embedding="ppmi",
    word_dropout=0.2,
    average=0.5,
    epochs=4,
    batch_size=64,
    patience=2,
)

if __name__ == "__main__":
    cli.main(recipe)
