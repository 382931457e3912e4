"""Electricity transformer temperature: the field's common test of long-horizon forecasts.

python recipes/ett.py train --horizon 336
python recipes/ett.py train --dataset ett/h2 --model nlinear --lookback 336
python recipes/ett.py tune --trials 12 --workers 2
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SeriesForecasting

recipe = Recipe(
    name="ett",
    task="forecasting",
    data=SeriesForecasting(dataset="ett/h1", horizon=96),
    model="segrnn",
    hyperparameters={"units": 512, "segment_length": 48},
    sequence_length=96,
    epochs=30,
    batch_size=256,
    learning_rate=1e-3,
    schedule="cosine",
    average=1.0,
    patience=5,
    search={"sequence_length": [96, 192, 336, 720], "units": (32, 256), "num_layers": None},
)

if __name__ == "__main__":
    cli.main(recipe)
