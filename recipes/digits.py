"""Handwritten digits, read row by row: 8 steps of 8 pixels. Comes with scikit-learn: no download.

python recipes/digits.py --pixels train --model lru: 64 steps, one pixel each.
"""

import dataclasses
import sys

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification

recipe = Recipe(
    name="digits",
    task="classification",
    data=SequenceClassification("rnnzoo.data.embedded:digits", scale="none"),
    model="cnn_bigru",
    hyperparameters={"units": 64, "filters": 64, "kernel_size": 3, "dropout": 0.3, "pooling": "mean_max"},
    epochs=60,
    batch_size=32,
    learning_rate=3e-3,
    schedule="cosine",
    patience=15,
)

PIXELS = dataclasses.replace(
    recipe,
    name="digits_pixels",
    data=SequenceClassification("rnnzoo.data.embedded:digit_pixels", scale="none"),
    model="lru",
    hyperparameters={"units": 64, "dropout": 0.3, "pooling": "mean_max"},
)

if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--pixels"]
    if len(words) < len(sys.argv[1:]):
        cli.main(PIXELS, words, ("recipes/digits.py", "--pixels"))
    else:
        cli.main(recipe, words)
