"""Handwritten digits, read row by row: 8 steps of 8 pixels. Comes with scikit-learn: no download."""

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification

recipe = Recipe(
    name="digits",
    task="classification",
    data=SequenceClassification("rnnzoo.data.embedded:digits"),
    model="cnn_bigru",
    hyperparameters={"units": 64, "filters": 64, "kernel_size": 3, "dropout": 0.3, "pooling": "mean_max"},
    epochs=60,
    batch_size=32,
    learning_rate=3e-3,
    schedule="cosine",
    patience=15,
)

if __name__ == "__main__":
    cli.main(recipe)
