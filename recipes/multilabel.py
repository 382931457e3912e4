"""Your own texts with several labels each: a table with a column of labels, or JSON Lines with lists.

python recipes/multilabel.py train --file articles.csv --text body --label topics --label-separator "|"
python recipes/multilabel.py predict runs/RUN --file new.csv --output answers.csv
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import MultilabelTexts

recipe = Recipe(
    name="multilabel",
    task="multilabel",
    data=MultilabelTexts(truncate="both"),
    model="bilstm",
    hyperparameters={"units": 64, "dropout": 0.3, "pooling": "mean_max"},
    sequence_length=400,
    embedding="ppmi",
    word_dropout=0.2,
    epochs=10,
    batch_size=64,
    patience=2,
)

if __name__ == "__main__":
    cli.main(recipe)
