"""`evaluate` and `inspect`: a run is measured again, and looked into."""

from dataclasses import dataclass
from typing import Annotated, Any

from tyro.conf import Positional, arg

from rnnzoo.cli.options import RUN, TRUST, answer_options, with_answer_options
from rnnzoo.cli.terminal import print_out
from rnnzoo.errors import InvalidValue
from rnnzoo.rounding import short

INSPECTED = "inspect"
"""The folder in a run for the pictures of what goes on inside."""


@with_answer_options
@dataclass
class Evaluate:
    """Measure a run on its test split, or on a labelled file."""

    run: RUN
    file: str | None = None
    """Labelled data instead of the test split: x and y in an .npz file, a table of texts, sentences with tags."""
    data_dir: str | None = None
    """Of TFDS, instead of TFDS_DATA_DIR."""
    trust: TRUST = False

    def execute(self, _):
        """Print the metrics."""
        from rnnzoo.training.runs import load

        run = load(self.run, trust=self.trust)
        if self.file is None and (changed := run.changed_data()):
            print_out(f"note: the data have changed since the training, and with them what was held out: {changed}")
        judgement = run.judge(self.file, data_dir=self.data_dir, **answer_options(self))
        for name, value in judgement.scores.items():
            print_out(f"{name:<19} {short(value)}")
        if judgement.table:
            print_out(judgement.table)
        if judgement.remark:
            print_out(judgement.remark)


@dataclass
class Inspect:
    """Look inside a model while it reads an input: gradients through time, states, gates, what each step is worth.

    Of a translation: what each token of the source is worth for each that is written.
    """

    run: RUN
    input: Annotated[Positional[str], arg(metavar="INPUT", help="A text, or a sequence as JSON.")]
    beside: tuple[str, ...] = ()
    """More runs, whose gradients and memory are drawn on the same axes."""
    output: str | None = None
    """A folder for the pictures; default: inspect in the run."""
    trust: TRUST = False

    def execute(self, _):
        """Print what each step is worth, and save the pictures."""
        from rnnzoo.cli.commands.predict import _read_inputs
        from rnnzoo.files import named
        from rnnzoo.pictures.figures import save, save_own
        from rnnzoo.training.runs import load

        runs = [load(name, trust=self.trust) for name in (self.run, *self.beside)]
        if self.beside and any(run.task.sequences == 2 for run in runs):
            raise InvalidValue(
                "--beside draws gradients and memory, which are not drawn of translations. "
                f"Received: --beside {' '.join(self.beside)}"
            )
        look = _pair if runs[0].task.sequences == 2 else _sequence
        drawn = look(runs, _read_inputs((self.input,), None))
        folder = named(self.output) if self.output else runs[0].desk / INSPECTED
        for name, figure in drawn.items():
            if self.output:
                save(figure, folder / f"{name}.png")
            else:
                save_own(figure, runs[0].desk, f"{INSPECTED}/{name}.png")
        print_out(f"pictures: {folder}")


def _sequence(runs: list[Any], inputs: Any) -> dict[str, Any]:
    """Print what each step is worth to the first run, and return pictures of all."""
    from rnnzoo.inspecting.inspection import inspect
    from rnnzoo.pictures import inside

    found = {run.folder.name: inspect(run.model, run.data.encode(inputs)) for run in runs}
    seen, data = next(iter(found.values())), runs[0].data
    length = seen.lengths[0]
    names = data.pieces(inputs)[0] if hasattr(data, "pieces") else [str(i) for i in range(length)]
    drawn: dict[str, Any] = {
        "worth": _worth(seen, names),
        "reach": inside.reach({name: one.reach[0, : one.lengths[0]] for name, one in found.items()}),
    }
    if seen.states:
        rows = {**seen.states, **seen.gates}
        drawn["states"] = inside.heat_maps({name: v[0, :length] for name, v in rows.items()}, names)
        norms = {
            f"{name}: {state}" if len(found) > 1 else state: norm[0, : one.lengths[0]]
            for name, one in found.items()
            if one.states
            for state, norm in one.gradients.items()
        }
        drawn["gradients"] = inside.through_time(norms)
    return drawn


def _pair(runs: list[Any], inputs: Any) -> dict[str, Any]:
    """Print what is written and what each token of the source is worth for it, and return pictures."""
    from rnnzoo.data.text.vocabulary import END
    from rnnzoo.inspecting.inspection import inspect
    from rnnzoo.pictures import alignment, inside
    from rnnzoo.tasks.judging.translations import written

    (run,) = runs
    seen = inspect(run.model, run.data.encode(inputs), written(run.model, run.data, inputs))
    source = alignment.visible(run.data.vocabulary.pieces(inputs[0]))
    target = run.data.target_vocabulary.tokens(seen.y[0])
    print_out(f"written: {run.data.target_vocabulary.text([i for i in seen.y[0] if i != END])}")
    return {
        "worth": _worth(seen, source),
        "written": inside.sources(seen.by_token[0], alignment.visible(target), source),
    }


def _worth(seen: Any, names: list[str]) -> Any:
    """Print what each step is worth, and return it as a picture."""
    from rnnzoo.pictures import inside

    for name, one, other in zip(names, seen.importance[0], seen.occlusion[0], strict=False):
        print_out(f"{name:<20} gradient × input {one:+.4f}   left out {other:+.4f}")
    length = seen.lengths[0]
    return inside.worth(
        {"gradient × input": seen.importance[0, :length], "left out": seen.occlusion[0, :length]}, names
    )
