"""Data that needs no download."""

import numpy as np


def digits() -> dict[str, np.ndarray]:
    """Return the handwritten digits of scikit-learn, read row by row.

    1,797 pictures of 8 x 8 pixels by 43 writers: x is `(1797, 8 rows, 8 pixels)`, 0..1; y the digit.
    Source: https://archive.ics.uci.edu/dataset/80, the test set.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    return {"x": (found.images / 16).astype("float32"), "y": found.target}


def digit_pixels() -> dict[str, np.ndarray]:
    """Return the same digits pixel by pixel: x is `(1797, 64 pixels, 1)`."""
    found = digits()
    return {**found, "x": found["x"].reshape(-1, 64, 1)}


def lab() -> dict[str, np.ndarray]:
    """Return the introductory lab's ten sequences of 5 steps x 2 features: low values (0..0.4) are class 0, high 1."""
    rng = np.random.default_rng(0)
    low, high = rng.uniform(0.0, 0.4, (5, 5, 2)), rng.uniform(0.6, 1.0, (5, 5, 2))
    return {"x": np.concatenate([low, high]).astype("float32"), "y": np.repeat([0, 1], 5)}
