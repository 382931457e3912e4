"""Your own series: a CSV or TSV with a header, one row a step.

python recipes/series.py train --file load.csv --time timestamp --target OT --horizon 24 --lookback 168
python recipes/series.py predict runs/RUN --file load.csv
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SeriesForecasting

recipe = Recipe(
    name="series",
    task="forecasting",
    data=SeriesForecasting(horizon=24),
    model="gru",
    hyperparameters={"units": 64},
    sequence_length=168,
    epochs=30,
    batch_size=64,
    patience=5,
)

if __name__ == "__main__":
    cli.main(recipe)
