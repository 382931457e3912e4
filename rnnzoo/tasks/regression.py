"""Regression: a sequence has one value, or several."""

from dataclasses import replace

from rnnzoo._lazy import keras
from rnnzoo.tasks import register
from rnnzoo.tasks.task import Task

ERRORS = ("mse", "rmse", "mae")
"""Those of its measures that have the answers' units."""


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

    def judge(self, model, batches, data, *, final=True, **options):
        """With mse, rmse and mae `_original`, in the units of the answers, where these were scaled."""
        from rnnzoo.tasks.judging.measures import Predictions, of_values, remark_on_values

        judgement = super().judge(model, batches, data, final=final)
        judgement.remark = remark_on_values(model.name, judgement.scores)
        scaler = getattr(data, "answer_scaler", None)
        if scaler is None or not scaler.changes:
            return judgement
        scaled = judgement.answers
        own = Predictions(*(scaler.inverse(values.astype("float64")) for values in (scaled.y, scaled.output)))
        original = {f"{name}_original": value for name, value in of_values(own).items() if name in ERRORS}
        return replace(judgement, scores=judgement.scores | original, answers=own)

    def pictures(self, judgement, model, batches, data, split):
        """Predicted against true values, and the errors."""
        from rnnzoo.pictures.regression import errors

        return {"errors.png": lambda: errors(judgement.answers, split)}


register(Regression())
