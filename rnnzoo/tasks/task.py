"""What a task is: what stands on a body, its loss, and how its answers are judged, shown and drawn.

The first half is asked by `build` and imports Keras alone. The second half is asked once a model is trained: what it
needs beyond (scikit-learn, matplotlib) is imported when it is called.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from rnnzoo._lazy import layers
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import TABLE, HyperParameter
from rnnzoo.rounding import short


@dataclass
class Draft:
    """A model that `build` is making, as a task sees it.

    Args:
        body: What the registry knows of the body (`ModelInfo`).
        sizes: `vocabulary_size`, `features`, `outputs`, `horizon`, `quantiles`, `characters`, `sequence_length`,
            `embedding_dim`; those that the model has not are None.
        options: The task's own hyper-parameters.
        inputs: The model's inputs so far.
        embedding: The layer of the tokens' vectors; None where numbers are read.
        notes: What one method of the task leaves for a later one.
        loss: Instead of the task's own, where it depends on the sizes; None: the task's own.
        metrics: The same.
    """

    body: Any
    sizes: dict[str, Any]
    options: dict[str, Any]
    inputs: list[Any] = field(default_factory=list)
    embedding: Any = None
    notes: dict[str, Any] = field(default_factory=dict)
    loss: Any = None
    metrics: list[Any] | None = None


@dataclass
class Judgement:
    """What a model is worth on a part of the data.

    Args:
        scores: By name; the loss is among them.
        details: More for `results.json`, by name, such as the scores of each tag.
        table: A table for the terminal, or None.
        answers: What the pictures are drawn from.
        remark: The last thing that is said, such as that the model is no better than none.
    """

    scores: dict[str, float]
    details: dict[str, Any] = field(default_factory=dict)
    table: Any = None
    answers: Any = None
    remark: str = ""


class Task:
    """A base. A subclass says what differs; an instance is given to `rnnzoo.tasks.register`.

    Attributes:
        name: As `build(task=...)` takes it.
        sequences: How many an example has: 1, or 2, source and target.
        per_step: The answer has the sequence's time axis.
        causal: The body must not look at later steps.
        sizes: What `build` takes for it beyond the sizes of any input: `horizon`, `quantiles`, `characters`.
        own: Its own hyper-parameters, whatever the body, with their defaults.
        head: Whether a head stands on the body, which can be trained alone.
        linear: The head is one dense layer without activation, its loss the squared error.
        watched: The metrics shown and kept after every epoch, `loss` among them.
        main_metric: What models are compared by.
        higher_is_better: Those of its metrics that grow with quality.
        weighs_classes: Whether classes can be weighted.
        answer_options: What can be set when it answers, such as `beam`.
        commands: Its own commands, by name, as `module:class`.
        of_recipes: Its own commands that begin with a recipe, by name: modules as that of `train`.
        sequence_length_is: What the sequence length is called on the command line.
        mean_of: What the mean of several models' answers is taken of, see `layers.MeanAnswer`; None: they have none.
        libraries: What it is measured with beside those of every installation.
        extra: Of the package, that brings them.
        searches_sequence_length: Whether a search looks for a sequence length unless told.
    """

    name: ClassVar[str]
    sequences: ClassVar[int] = 1
    per_step: ClassVar[bool] = False
    causal: ClassVar[bool] = False
    sizes: ClassVar[tuple[str, ...]] = ()
    own: ClassVar[Mapping[str, Any]] = {}
    head: ClassVar[bool] = True
    linear: ClassVar[bool] = False
    watched: ClassVar[tuple[str, ...]] = ("loss",)
    main_metric: ClassVar[str] = "loss"
    higher_is_better: ClassVar[frozenset[str]] = frozenset()
    weighs_classes: ClassVar[bool] = False
    answer_options: ClassVar[Mapping[str, HyperParameter]] = {}
    commands: ClassVar[Mapping[str, str]] = {}
    of_recipes: ClassVar[Mapping[str, str]] = {}
    sequence_length_is: ClassVar[tuple[str, str]] = ("sequence_length", "")
    mean_of: ClassVar[str | None] = None
    libraries: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    searches_sequence_length: ClassVar[bool] = True

    # What `build` asks. -----------------------------------------------------------------------------------------------

    def refuses(self, body: Any) -> str | None:
        """Say why a body cannot do this task; None if it can.

        Args:
            body: What the registry knows of it: its signature tells.
        """
        if body.takes("source") != (self.sequences == 2):
            return (
                "it reads two sequences, source and target"
                if body.takes("source")
                else "it reads one sequence, not source and target"
            )
        if body.takes("source"):
            return None
        if (body.takes("horizon") or body.takes("outputs")) and body.takes("horizon") != ("horizon" in self.sizes):
            return "it forecasts, and nothing else" if body.takes("horizon") else "its answer has no horizon"
        if self.per_step and not body.takes("return_sequences"):
            return "it gives one summary, no answer for every step"
        return "it looks at later steps" if self.causal and not body.causal else None

    def dials(self, body: Any) -> dict[str, HyperParameter]:
        """Return its own hyper-parameters, whatever the body, with their defaults."""
        return {word: replace(TABLE[word], default=value) for word, value in self.own.items()}

    def check_sizes(self, draft: Draft) -> None:
        """Check the sizes that `build` was given, and fill in `outputs`.

        Raises:
            ValueError: Sizes that do not go together.
        """
        draft.sizes["outputs"] = draft.sizes["outputs"] or 1

    def read(self, x: Any, draft: Draft) -> Any:
        """Return what the body reads: `x`, `(batch, time, width)`, and what the task adds. It may add inputs."""
        return x

    def answer(self, x: Any, draft: Draft) -> Any:
        """Return the head's answer to a summary `(batch, width)` or to states `(batch, time, width)`."""
        raise NotImplementedError

    def write(self, x: Any, draft: Draft) -> Any:
        """Return the model's output, from the answer of head or body."""
        return x

    def model_class(self, draft: Draft) -> type:
        """Return the class of the whole model."""
        return layers.Model

    def loss(self) -> Any:
        """Make the loss."""
        raise NotImplementedError

    def metrics(self) -> list[Any]:
        """Make the metrics watched while training; they leave out padded steps and examples of weight 0."""
        return []

    # What is asked of a trained model. --------------------------------------------------------------------------------

    def measure(self, predictions: Any) -> dict[str, float]:
        """Measure answers beside the true ones; `loss` and all of `watched` are among the measures.

        Args:
            predictions: `rnnzoo.tasks.judging.measures.Predictions` of a whole split.
        """
        raise NotImplementedError

    def evaluate(self, model: Any, dataset: Iterable, data: Any = None) -> dict[str, float]:
        """Measure a model on batches `(x, y, weight)`, as after every epoch.

        Args:
            model: From `build`.
            dataset: A split.
            data: The data object, where it knows more than the batches.

        Raises:
            ArithmeticError: The model answers NaN or infinity.
        """
        from rnnzoo.tasks.judging.measures import measured, predict

        return measured(self, predict(model, dataset))

    def watch(self, model: Any, dataset: Iterable, data: Any = None) -> dict[str, float]:
        """Return the measures that are kept after every epoch."""
        found = self.evaluate(model, dataset, data)
        return {name: found[name] for name in self.watched}

    def settle(self, model: Any, splits: Any, data: Any, class_weight: str | None = None) -> None:
        """Fit what judging and answering need once the model is trained; the data object keeps it, or the model.

        Args:
            model: With its best weights.
            splits: The batched data.
            data: The data object.
            class_weight: The recipe's.
        """

    def judge(self, model: Any, batches: Any, data: Any, *, final: bool = True, **options: Any) -> Judgement:
        """Measure a model on a split with everything that it is worth.

        Args:
            model: From `build`.
            batches: The split.
            data: The data object.
            final: Whether this is the split whose number is published; what takes long is left out of others.
            **options: Those of `answer_options`.
        """
        from rnnzoo.tasks.judging.measures import measured, predict

        predictions = predict(model, batches.arrays())
        return Judgement(measured(self, predictions), answers=predictions)

    def pictures(
        self, judgement: Judgement, model: Any, batches: Any, data: Any, split: str
    ) -> dict[str, Callable[[], Any]]:
        """Return what draws each picture of a judged split, by file name: `{"errors.png": draw}`.

        Args:
            judgement: Of this split.
            model: The one that was judged.
            batches: The split.
            data: The data object.
            split: What it is called: `test`.
        """
        return {}

    def answers(self, run: Any, raw: Sequence[Any], **options: Any) -> list[dict[str, Any]]:
        """Answer raw inputs, as the data object reads the outputs; a note beside an answer that rests on nothing."""
        found = run.data.answers(raw, run.outputs(raw))
        for answer, x in zip(found, run.data.encode(raw), strict=True):
            if not len(x):
                answer["note"] = "nothing to read in this input: the answer is the model's bias"
        return found

    def in_words(self, answer: Mapping[str, Any], raw: Any) -> str:
        """Return the line that the command line prints for an answer to a raw input."""
        shown = "  ".join(_shown(name, value) for name, value in answer.items())
        text = str(raw if isinstance(raw, str) else getattr(raw, "tolist", lambda: raw)())
        return f"{shown}  {text if len(text) <= 60 else text[:57] + '...'}"

    def tabulated(self, answers: Sequence[Mapping[str, Any]]) -> Any:
        """Return answers as a `pandas.DataFrame` of their own; None: they are one a row."""
        return None

    def drawn(self, run: Any, answers: Sequence[Mapping[str, Any]], raw: Sequence[Any]) -> Any:
        """Return a picture of answers with their inputs; None where there is none."""
        return None

    def explain(self, run: Any, raw: Sequence[str], **options: Any) -> list[Any]:
        """Show which words of each text the model looked at: `rnnzoo.pictures.attention.Explanation`, one a text.

        Raises:
            ValueError: The model has no attention, or the data no words.
        """
        from rnnzoo.pictures.attention import explain

        if not hasattr(run.data, "pieces"):
            raise InvalidValue(f"Only texts can be explained. Received: {type(run.data).__name__}")
        return explain(run.model, run.data.encode(raw), run.data.pieces(raw), self.titles(run.predict(raw)))

    def titles(self, answers: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return what stands above each explained text."""
        return [f"{answer['label']} {answer['probability']:.2f}" for answer in answers]

    def explained(self, found: Sequence[Any]) -> tuple[list[Any], Any]:
        """Return explanations as text for the terminal, one each, and as one picture."""
        from rnnzoo.pictures import attention

        return [attention.in_terminal(one) for one in found], attention.picture(found)


def _shown(name: str, value: Any) -> str:
    """Return a value as a person reads it; a forecast with the name of its column."""
    if isinstance(value, list) and name != "values":
        return f"{name}: " + " ".join(f"{v:.5g}" for v in value)
    return short(value) if isinstance(value, float) else str(value)
