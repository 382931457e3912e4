"""A sine wave: its next value, then 100 steps of the model's own answers fed back. Generated: no download.

python recipes/sine.py train --dataset sine/several_noisy
python recipes/sine.py train --dataset mackey_glass --feed-back 84 --epochs 40
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SeriesForecasting

recipe = Recipe(
    name="sine",
    task="forecasting",
    data=SeriesForecasting(dataset="sine/plain", horizon=1, feed_back=100),
    model="gru",
    hyperparameters={"units": 32, "dropout": 0.0, "normalization": "none"},
    sequence_length=50,
    epochs=20,
    batch_size=32,
    learning_rate=5e-3,
    schedule="cosine",
    patience=None,
)

if __name__ == "__main__":
    cli.main(recipe)
