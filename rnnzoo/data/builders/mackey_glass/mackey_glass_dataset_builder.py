"""The Mackey-Glass delay equation with tau 17: mildly chaotic. Generated: no download."""

import numpy as np
import tensorflow_datasets as tfds

from rnnzoo.data.builders.series import series_features, series_splits

SIZES = {"train": 7000, "validation": 1000, "test": 2000}
TAU, WASHOUT, STEPS_PER_UNIT = 17, 1000, 100


def mackey_glass(steps: int, per_unit: int = STEPS_PER_UNIT) -> np.ndarray:
    """Solve dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t), x = 1.2 up to t = 0.

    Classic Runge-Kutta of order 4 with `per_unit` steps in a unit of time. The delay is a whole number of steps; values
    between two steps of the past are read from the cubic that fits values and slopes at both ends (Hermite), which
    keeps the order. Halving the step changes no value of the first 100 units by more than 1e-12.

    Args:
        steps: How many values to return, a unit of time apart.
        per_unit: Steps of the solver in a unit.

    Returns:
        `(steps,)`, x at t = 0, 1, 2, ...
    """
    h, delay = 1.0 / per_unit, TAU * per_unit
    x = np.full(delay + (steps - 1) * per_unit + 1, 1.2)
    slope = np.zeros_like(x)  # the past before t = 0 is constant

    def f(now, past):
        return 0.2 * past / (1 + past**10) - 0.1 * now

    for i in range(delay, len(x) - 1):
        before, after = x[i - delay], x[i - delay + 1]
        end_slope = 0.0 if i + 1 == 2 * delay else slope[i - delay + 1]  # at t = 0 it jumps; the past ends with 0
        middle = (before + after) / 2 + h * (slope[i - delay] - end_slope) / 8
        slope[i] = k1 = f(x[i], before)
        k2 = f(x[i] + h / 2 * k1, middle)
        k3 = f(x[i] + h / 2 * k2, middle)
        k4 = f(x[i] + h * k3, after)
        x[i + 1] = x[i] + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return x[delay::per_unit]


class Builder(tfds.core.GeneratorBasedBuilder):
    """x(t) a unit of time apart, after 1,000 units that are left out."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}

    def _info(self) -> tfds.core.DatasetInfo:
        """One column."""
        return self.dataset_info_from_configs(features=series_features(["value"]), disable_shuffling=True)

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        """10,000 steps: 7,000, 1,000 and 2,000."""
        values = mackey_glass(WASHOUT + sum(SIZES.values()))[WASHOUT:]
        return series_splits({"value": values.astype("float32")}, SIZES)

    def _generate_examples(self):
        """Not needed: the splits are given as examples."""
        raise NotImplementedError
