"""Your own texts: a CSV, TSV or JSON Lines file, or any TFDS data set of texts with labels.

python recipes/text.py train --file reviews.csv --text review --label stars
python recipes/text.py train --dataset ag_news_subset --text description
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import TextClassification

recipe = Recipe(
    name="text",
    task="classification",
    data=TextClassification(truncate="both"),
    model="bilstm",
    hyperparameters={"units": 64, "dropout": 0.5, "pooling": "mean_max"},
    sequence_length=400,
    embedding="ppmi",
    word_dropout=0.2,
    average=0.5,
    epochs=10,
    batch_size=64,
    patience=2,
)

if __name__ == "__main__":
    cli.main(recipe)
