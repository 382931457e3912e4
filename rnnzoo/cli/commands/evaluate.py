"""`evaluate` and `inspect`: a run is measured again, and looked into."""

from dataclasses import dataclass
from typing import Annotated, Any

from tyro.conf import Positional, arg

from rnnzoo.cli.options import RUN, TRUST, answer_options, with_answer_options
from rnnzoo.cli.terminal import print_out

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
            print_out(f"{name:<12}{value:.4f}")
        if judgement.table:
            print_out(judgement.table)


@dataclass
class Inspect:
    """Look inside a model while it reads an input: gradients through time, states, gates, what each step is worth."""

    run: RUN
    input: Annotated[Positional[str], arg(metavar="INPUT", help="A text, or a sequence as JSON.")]
    beside: tuple[str, ...] = ()
    """More runs, whose gradients and memory are drawn on the same axes."""
    output: str | None = None
    """A folder for the pictures; default: inspect in the run."""
    trust: TRUST = False

    def execute(self, _):
        """Print what each step is worth, and save the pictures."""
        from rnnzoo.files import named
        from rnnzoo.pictures import inside
        from rnnzoo.pictures.figures import save, save_own
        from rnnzoo.training.runs import load

        runs = [load(name, trust=self.trust) for name in (self.run, *self.beside)]
        inputs = self._inputs()
        found = {run.folder.name: _seen(run, inputs) for run in runs}
        seen, steps = next(iter(found.values()))
        names = [str(step) for step in steps] if steps else [str(i) for i in range(seen.lengths[0])]
        for name, one, other in zip(names, seen.importance[0], seen.occlusion[0], strict=False):
            print_out(f"{name:<20} gradient × input {one:+.4f}   left out {other:+.4f}")
        length = seen.lengths[0]
        drawn: dict[str, Any] = {
            "worth": inside.worth(
                {"gradient × input": seen.importance[0, :length], "left out": seen.occlusion[0, :length]}, names
            ),
            "reach": inside.reach({name: one.reach[0, : one.lengths[0]] for name, (one, _) in found.items()}),
        }
        if seen.states:
            rows = {**seen.states, **seen.gates}
            drawn["states"] = inside.heat_maps({name: v[0, :length] for name, v in rows.items()}, names)
            norms = {
                f"{name}: {state}" if len(found) > 1 else state: norm[0, : one.lengths[0]]
                for name, (one, _) in found.items()
                if one.states
                for state, norm in one.gradients.items()
            }
            drawn["gradients"] = inside.through_time(norms)
        folder = named(self.output) if self.output else runs[0].desk / INSPECTED
        for name, figure in drawn.items():
            if self.output:
                save(figure, folder / f"{name}.png")
            else:
                save_own(figure, runs[0].desk, f"{INSPECTED}/{name}.png")
        print_out(f"pictures: {folder}")

    def _inputs(self) -> Any:
        from rnnzoo.cli.commands.predict import _read_inputs

        return _read_inputs((self.input,), None)


def _seen(run: Any, inputs: Any) -> tuple[Any, Any]:
    """Return what is seen inside a run's model, and the tokens that it reads, where it reads tokens."""
    from rnnzoo.inspecting.inspection import inspect

    seen = inspect(run.model, run.data.encode(inputs))
    return seen, run.data.pieces(inputs)[0] if hasattr(run.data, "pieces") else None
