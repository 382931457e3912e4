"""The command `predict`: what it reads, and how it shows a model's answers."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from rnnzoo.cli.options import answer_options, with_answer_options
from rnnzoo.cli.terminal import print_out
from rnnzoo.errors import InvalidValue


@with_answer_options
@dataclass
class Predict:
    """Answer inputs: given here, in a file, or line by line from standard input (-)."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]
    inputs: Annotated[Positional[tuple[str, ...]], arg(metavar="INPUT")] = ()
    """Texts, or sequences as JSON: [[0.1, 0.2], [0.3, 0.4]]."""
    file: str | None = None
    """An .npy or .npz file (its x), a text file with one input a line, sentences in CoNLL-U, a table of a series (what
    comes after it?) or of pairs of texts (its sources)."""
    future_file: str | None = None
    """Of a series: the next rows of what is known ahead, where the file does not hold them."""
    output: str | None = None
    """Write the answers into this .csv, and beside it a picture of forecasts."""
    json: bool = False
    """Print JSON Lines."""
    explain: bool = False
    """Colour each word by the model's attention, and save the picture in the run's plots."""

    def execute(self, _):
        """Print one line an input."""
        from rnnzoo.training.runs import load

        run = load(self.run)
        if self.file and self.file.endswith((".csv", ".tsv", ".conllu")) and hasattr(run.data, "read_inputs"):
            raw = run.data.read_inputs(self.file, **({"future_file": self.future_file} if self.future_file else {}))
        else:
            raw = _read_inputs(self.inputs, self.file)
        options = answer_options(self)
        if self.explain:
            _explain(run, raw, options)
            return
        answers = run.predict(raw, **options)
        for item, answer in zip(raw, answers, strict=True):
            print(json.dumps(answer) if self.json else run.task.in_words(answer, item))
        if self.output:
            _write(run, answers, raw, self.output)


def _write(run: Any, answers: Sequence[Any], raw: Sequence[Any], output: str) -> None:
    """Write a table of the answers, and a picture where the task has one."""
    from rnnzoo.files import write_text
    from rnnzoo.pictures.figures import save

    write_text(Path(output), run.task.tabulated(answers).to_csv(index=False))
    said = f"table: {output}"
    picture = run.task.drawn(run, answers, raw)
    if picture is not None:
        path = Path(output).with_suffix(".png")
        save(picture, path)
        said += f"\npicture: {path}"
    print(said, file=sys.stderr)


def _explain(run: Any, raw: Sequence[Any], options: dict[str, Any]) -> None:
    """Show where the model looked, and save the picture."""
    from rnnzoo.pictures.figures import save

    texts, picture = run.task.explained(run.explain(raw, **options))
    for text in texts:
        print_out(text, soft_wrap=True)
    path = run.folder / "plots" / "explained.png"
    save(picture, path)
    print_out(f"picture: {path}")


def _read_inputs(inputs: Sequence[str], file: str | None) -> list[Any]:
    if file and inputs:
        raise InvalidValue(f"Give inputs or --file, not both. Received: {len(inputs)} inputs and --file {file}")
    if file and file.endswith((".npy", ".npz")):
        import numpy as np

        from rnnzoo.data.sequences.arrays import rows_of_x

        try:
            with open(file, "rb") as opened:
                found = np.load(opened, allow_pickle=False)
                return rows_of_x({"x": found} if isinstance(found, np.ndarray) else dict(found))
        except (OSError, ValueError, KeyError) as error:
            raise InvalidValue(f"Cannot read an array x from this file ({error}). Received: {file}") from None
    if file and file != "-":
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidValue(f"Cannot read this text file ({error}). Received: {file}") from None
        return [line for line in lines if line.strip()]
    if file == "-" or list(inputs) == ["-"]:
        return [line.rstrip("\n") for line in sys.stdin if line.strip()]
    if not inputs:
        raise InvalidValue("Give inputs, --file, or - for standard input. Received: nothing to predict")
    return list(inputs)
