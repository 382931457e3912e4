"""Film reviews of IMDB by the zoo's best supervised model: hierarchical attention over whole reviews, and n-grams.

A linear model of runs of one, two and three words is fitted beside the network; the run answers with both.
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import TextClassification

recipe = Recipe(
    name="imdb_best",
    task="classification",
    data=TextClassification("imdb_reviews", vocabulary_size=30_000, truncate="both", validation=0.0),
    model="han",
    hyperparameters={"units": 64, "dropout": 0.5, "ngrams": 3, "ngram_share": 0.7},
    sequence_length=1000,
    embedding="ppmi",
    embedding_dim=200,
    word_dropout=0.3,
    average=0.5,
    epochs=3,
    batch_size=64,
)

if __name__ == "__main__":
    cli.main(recipe)
