"""Forecasting: the next steps of a series."""

import re
from dataclasses import replace
from typing import ClassVar

from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import TABLE, HyperParameter
from rnnzoo.tasks import register
from rnnzoo.tasks.task import Judgement, Task

PATHS = 50
"""Drawn from a forecast's likelihood at the end of a training."""


class Forecasting(Task):
    """`(batch, horizon, outputs)` and its squared error. Each window may be normalised, a pair around body and head.

    With `quantiles` it is `(batch, levels, horizon, outputs)` and the pinball loss; the forecast is the median.
    """

    name = "forecasting"
    linear = True
    mean_of = "values"
    sizes = ("horizon", "quantiles")
    watched = ("loss", "mae")
    main_metric = "mse"
    higher_is_better = frozenset({"r2_by_step", "r2_pooled"})
    answer_options: ClassVar = {
        "steps": HyperParameter(int, "steps to forecast, beyond the horizon by own answers", low=1)
    }
    of_recipes: ClassVar = {"backtest": "rnnzoo.cli.of_recipes.backtest"}
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
        draft.notes["read"] = draft.notes["past"] = x
        if kind == "none" or draft.sizes["features"] is None:
            return x
        normalize = layers.Normalize(kind, draft.sizes["outputs"], dtype="float32", name="normalize")
        x, *draft.notes["statistics"] = normalize(x)
        draft.notes["past"] = x
        return x

    def answer(self, x, draft):
        """All steps at once from the summary, quantiles too."""
        horizon, outputs, levels = (draft.sizes[word] for word in ("horizon", "outputs", "quantiles"))
        y = keras.layers.Dense(horizon * outputs, dtype="float32", name="values")(x)
        y = keras.layers.Reshape((horizon, outputs), name="forecast")(y)
        return layers.Quantiles(levels, dtype="float32", name="quantiles")(y, x) if levels else y

    def write(self, x, draft):
        if draft.body.only_targets and (draft.sizes["features"] or 0) > draft.sizes["outputs"]:
            x = layers.Effects(dtype="float32", name="effects")(x, draft.notes["read"])
        if levels := draft.sizes["quantiles"]:
            if len(x.shape) == 3:  # no head has made them
                x = layers.Quantiles(levels, dtype="float32", name="quantiles")(x, draft.notes["past"])
            draft.loss, draft.metrics = layers.WindowPinball(levels), [layers.MedianAbsoluteError(levels.index(0.5))]
        if "statistics" in draft.notes:
            x = layers.Denormalize(dtype="float32", name="denormalize")(x, *draft.notes["statistics"])
        return x

    def model_class(self, draft):
        return layers.TeacherForced if draft.body.teacher_forced else layers.Model

    def loss(self):
        return layers.WindowSquaredError()

    def metrics(self):
        return [layers.WindowAbsoluteError()]

    def evaluate(self, model, dataset, data=None):
        """Loss = mse, rmse, mae, R²; with the data object also mse, rmse and mae `_original`, in its units."""
        from rnnzoo.tasks.judging.forecast_errors import forecast_errors

        several = data is not None and len(data.scalers.names) > 1
        return forecast_errors(model, dataset, None if several else data).scores()

    def watch(self, model, dataset, data=None):
        found = self.evaluate(model, dataset)
        return {name: found[name] for name in self.watched}

    def settle(self, model, splits, data, class_weight=None):
        """Take intervals from the validation part, and fit what the model must beat to the train part."""
        from rnnzoo.tasks.judging import conformal
        from rnnzoo.tasks.judging.naive_forecasts import naive_forecasters

        if "validation" in splits.parts:
            data.fitted["intervals"] = conformal.of_model(model, splits.parts)
        data.naive = naive_forecasters(splits.parts["train"], **data.naive_sizes)

    def judge(self, model, batches, data, *, final=True, **options):
        """With what `evaluate` gives: intervals, naive forecasts beside; of a likelihood crps; answers fed back."""
        from rnnzoo.tasks.judging import naive_forecasts
        from rnnzoo.tasks.judging.conformal import Conformal
        from rnnzoo.tasks.judging.feeding_back import feed_back_errors
        from rnnzoo.tasks.judging.forecast_errors import forecast_errors

        conformal = Conformal(data.intervals()) if final and data.intervals() else None
        errors = forecast_errors(model, batches, data, PATHS if final else 0, conformal)
        scores = errors.scores()
        naive = data.naive or naive_forecasts.naive_forecasters(None, **data.naive_sizes)
        naive = {name: one for name, one in naive.items() if name != model.name}
        others = {name: forecast_errors(one, batches, data).scores() for name, one in naive.items()}
        judgement = Judgement(
            scores,
            {"naive": others},
            naive_forecasts.table(model.name, scores, others),
            {"errors": errors, "naive": others},
            naive_forecasts.verdict(model.name, scores, others),
        )
        if len(data.scalers.names) > 1 and errors.by_series is not None:
            judgement.details["series"] = errors.by_series.by_name()
        if final and data.feed_back and (fed_back := feed_back_errors(model, batches, data, data.feed_back)):
            judgement.scores |= fed_back.scores
            judgement.answers["fed_back"] = fed_back
        return judgement

    def answers(self, run, raw, **options):
        """Series, times, targets and intervals of each history; see `forecasting_on.forecast`."""
        from rnnzoo.tasks.judging.forecasting_on import forecast

        return forecast(run, raw, **options)

    def in_words(self, answer, raw):
        """A line of numbers a target, with its name, from when to when."""
        series = f"{answer['series']}  " if "series" in answer else ""
        time = answer.get("time")
        when = f"{time[0]} to {time[-1]}  " if time else ""
        plain = {name: v for name, v in answer.items() if isinstance(v, list) and name != "time" and not _is_end(name)}
        numbers = "  ".join(f"{name}: " + " ".join(f"{v:.5g}" for v in values) for name, values in plain.items())
        note = f"  ({answer['note']})" if "note" in answer else ""
        return f"{series}{when}{numbers}{note}"

    def tabulated(self, answers):
        """Return answers as a table."""
        from rnnzoo.tasks.judging.forecasting_on import table

        return table(answers)

    def drawn(self, run, answers, raw):
        """Draw answers with their histories."""
        from rnnzoo.pictures.forecasts import ahead

        data = run.data
        return ahead(answers, data.histories(raw), data.targets, data.naive_sizes["period"], data.clock)

    def pictures(self, judgement, model, batches, data, split):
        """Forecasts with their history, the error by step and its distribution, and answers fed back."""
        from rnnzoo.pictures import forecasts
        from rnnzoo.tasks.judging.forecast_errors import some_windows

        errors = judgement.answers["errors"]
        found = {
            "forecasts.png": lambda: forecasts.windows(**some_windows(model, batches, data), split=split),
            "horizon.png": lambda: forecasts.by_step(errors, split),
            "errors.png": lambda: forecasts.distribution(errors, split),
            "naive.png": lambda: forecasts.beside_naive(model.name, judgement, split),
        }
        if fed_back := judgement.answers.get("fed_back"):
            found["fed_back.png"] = lambda: forecasts.fed_back(fed_back.truth, fed_back.found, data.targets)
        return found


def _is_end(name):
    """Tell an end of an interval from a target by its name."""
    return re.search(r"_(low|high)_\d+$|_quantile_[\d.]+$", name) is not None


register(Forecasting())
