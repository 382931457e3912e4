"""Forecasting: the next steps of a series."""

from dataclasses import replace

from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import TABLE
from rnnzoo.tasks import register
from rnnzoo.tasks.task import Judgement, Task

PATHS = 50
"""Drawn from a forecast's likelihood at the end of a training."""


class Forecasting(Task):
    """`(batch, horizon, outputs)` and its squared error. Each window may be normalised, a pair around body and head."""

    name = "forecasting"
    sizes = ("horizon",)
    watched = ("loss", "mae")
    main_metric = "mse"
    higher_is_better = frozenset({"r2"})
    sequence_length_is = ("lookback", "Steps of the past that the model reads.")

    def dials(self, body):
        return {"normalization": replace(TABLE["normalization"], default=body.normalization)}

    def check_sizes(self, draft):
        """The targets' own past must be among the features where it is needed."""
        sizes, features = draft.sizes, draft.sizes["features"]
        if sizes["horizon"] is None:
            raise InvalidValue("forecasting needs horizon=, the steps to forecast. Received: horizon=None")
        sizes["outputs"] = sizes["outputs"] or features or 1
        itself = draft.body.takes("horizon")
        if itself and features is None:
            raise InvalidValue(
                f"{draft.body.name} forecasts series of numbers: give features=. Received: features=None"
            )
        needs_past = itself or (draft.options["normalization"] != "none" and features is not None)
        if needs_past and sizes["outputs"] > features:
            raise InvalidValue(
                "The targets must be the first of the features, so that their own past is known (normalization='none' "
                f"does without, unless the model copies it). Received: outputs={sizes['outputs']}, features={features}"
            )

    def read(self, x, draft):
        kind = draft.options["normalization"]
        if kind == "none" or draft.sizes["features"] is None:
            return x
        normalize = layers.Normalize(kind, draft.sizes["outputs"], dtype="float32", name="normalize")
        x, *draft.notes["statistics"] = normalize(x)
        return x

    def answer(self, x, draft):
        """All steps at once from the summary."""
        horizon, outputs = draft.sizes["horizon"], draft.sizes["outputs"]
        x = keras.layers.Dense(horizon * outputs, dtype="float32", name="values")(x)
        return keras.layers.Reshape((horizon, outputs), name="forecast")(x)

    def write(self, x, draft):
        if "statistics" in draft.notes:
            x = layers.Denormalize(dtype="float32", name="denormalize")(x, *draft.notes["statistics"])
        return x

    def model_class(self, draft):
        return layers.TeacherForced if draft.body.teacher_forced else keras.Model

    def loss(self):
        return layers.WindowSquaredError()

    def metrics(self):
        return ["mae"]

    def evaluate(self, model, dataset, data=None):
        """Loss = mse, rmse, mae, r2; with the data object also mse, rmse and mae `_original`, in its units."""
        from rnnzoo.tasks.judging.forecast_errors import forecast_errors

        return forecast_errors(model, dataset, data).scores()

    def judge(self, model, batches, data, *, final=True, **options):
        """With what `evaluate` gives: of a likelihood crps, quantile losses and coverage; and answers fed back."""
        from rnnzoo.tasks.judging.feeding_back import feed_back_errors
        from rnnzoo.tasks.judging.forecast_errors import forecast_errors

        errors = forecast_errors(model, batches.arrays(), data, PATHS if final else 0)
        judgement = Judgement(errors.scores(), answers={"errors": errors})
        if final and data.feed_back and (fed_back := feed_back_errors(model, batches, data, data.feed_back)):
            judgement.scores |= fed_back.scores
            judgement.answers["fed_back"] = fed_back
        return judgement

    def pictures(self, judgement, model, batches, data, split):
        """Forecasts with their history, the error by step and its distribution, and answers fed back."""
        from rnnzoo.pictures import forecasts
        from rnnzoo.tasks.judging.forecast_errors import some_windows

        errors = judgement.answers["errors"]
        found = {
            "forecasts.png": lambda: forecasts.windows(**some_windows(model, batches, data), split=split),
            "horizon.png": lambda: forecasts.by_step(errors, split),
            "errors.png": lambda: forecasts.distribution(errors, split),
        }
        if fed_back := judgement.answers.get("fed_back"):
            found["fed_back.png"] = lambda: forecasts.fed_back(fed_back.truth, fed_back.found, data.targets)
        return found


register(Forecasting())
