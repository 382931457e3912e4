"""Your own series, one or many: a table with a header, one row a step.

python recipes/series.py train --file load.csv --time timestamp --target OT --horizon 24 --lookback 168
python recipes/series.py train --file shops.csv --time day --series shop --target sold --future price --horizon 14
python recipes/series.py predict runs/RUN --file load.csv --output forecast.csv
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import SeriesForecasting

recipe = Recipe(
    name="series",
    task="forecasting",
    # Chosen on the validation parts of four series (monthly, daily, a share's price): recurrent models came behind.
    data=SeriesForecasting(horizon=24, updates=50),
    model="nlinear",
    sequence_length=168,
    epochs=60,
    batch_size=32,
    learning_rate=3e-3,
    schedule="cosine",
    patience=15,
)

if __name__ == "__main__":
    cli.main(recipe)
