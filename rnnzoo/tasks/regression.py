"""Regression: a sequence has one value, or several."""

from rnnzoo._lazy import keras
from rnnzoo.tasks import register
from rnnzoo.tasks.task import Task


class Regression(Task):
    """Values `(batch, outputs)` and their squared error."""

    name = "regression"
    linear = True
    mean_of = "values"
    watched = ("loss", "mae")
    main_metric = "mse"
    higher_is_better = frozenset({"r2"})

    def answer(self, x, draft):
        return keras.layers.Dense(draft.sizes["outputs"], dtype="float32", name="values")(x)

    def loss(self):
        return keras.losses.MeanSquaredError()

    def metrics(self):
        return ["mae"]

    def measure(self, predictions):
        """Loss = mse, rmse, mae, and r2 where there are two examples or more."""
        from rnnzoo.tasks.judging.measures import of_values

        return of_values(predictions)

    def pictures(self, judgement, model, batches, data, split):
        """Predicted against true values, and the errors."""
        from rnnzoo.pictures.regression import errors

        return {"errors.png": lambda: errors(judgement.answers, split)}


register(Regression())
