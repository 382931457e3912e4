"""A small series in a file."""

import csv

import numpy as np

from rnnzoo.data import SeriesForecasting

ROWS, LOOKBACK, HORIZON = 60, 6, 3


def wave(rows=ROWS):
    """Two columns that never repeat a value."""
    t = np.arange(rows)
    return np.stack([np.sin(t) + 0.1 * t, np.cos(t / 3) - 0.05 * t], axis=1)


def write(path, values, names=("load", "OT"), times="hours", lines=None):
    """Write a CSV: a time and the columns; `lines` changes rows of text before they are written."""
    start = np.datetime64("2024-01-01T00:00:00")
    stamps = start + np.arange(len(values)) * np.timedelta64(1, "h")
    rows = [[str(s).replace("T", " "), *map(repr, map(float, v))] for s, v in zip(stamps, values, strict=True)]
    if lines:
        rows = lines(rows)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time", *names])
        writer.writerows(rows)
    return str(path)


def load(file, lookback=LOOKBACK, **settings):
    data = SeriesForecasting(file=file, **{"time": "time", "horizon": HORIZON} | settings)
    return data, data.load(sequence_length=lookback, batch_size=4).parts
