"""Daily exchange rates of eight currencies: nearly random walks, where repeating the last value is hard to beat.

python recipes/exchange.py train --model repeat_last
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SeriesForecasting

recipe = Recipe(
    name="exchange",
    task="forecasting",
    data=SeriesForecasting(dataset="exchange_rate", horizon=96),
    model="segrnn",
    hyperparameters={"units": 128, "normalization": "subtract_last"},
    sequence_length=96,
    epochs=20,
    batch_size=256,
    learning_rate=3e-4,
    average=1.0,
    patience=5,
)

if __name__ == "__main__":
    cli.main(recipe)
