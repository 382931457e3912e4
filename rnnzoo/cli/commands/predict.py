"""The command `predict`: what it reads, and how it shows a model's answers."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from rnnzoo.cli.options import RUN, TRUST, answer_options, with_answer_options
from rnnzoo.cli.terminal import print_out
from rnnzoo.errors import InvalidValue
from rnnzoo.serving.answering import answers_of, check_output, joined, writer


@with_answer_options
@dataclass
class Predict:
    """Answer inputs: given here, in a file, or line by line from standard input (-)."""

    run: RUN
    inputs: Annotated[Positional[tuple[str, ...]], arg(metavar="INPUT")] = ()
    """Texts, or sequences as JSON: [[0.1, 0.2], [0.3, 0.4]]."""
    file: str | None = None
    """A table with the columns of training (.csv, .tsv, .jsonl, .xlsx, .parquet), sentences in CoNLL, a text file with
    one input a line, an .npy or .npz file (its x), or a table of a series (what comes after it?)."""
    future_file: str | None = None
    """Of a series: the next rows of what is known ahead, where the file does not hold them."""
    output: str | None = None
    """Write the file's columns and the answers to a .csv, .tsv, .jsonl or .parquet file, in the file's order; of a
    series its forecast, with a picture beside."""
    json: bool = False
    """Print JSON Lines."""
    explain: bool = False
    """Colour each word by the model's attention, and save the picture in the run's plots."""
    trust: TRUST = False

    def execute(self, _):
        """Print one line an input, or write them to `output`."""
        from rnnzoo.training.runs import load

        if self.output:
            check_output(self.output)
        if self.file and self.inputs:
            raise InvalidValue(
                f"Give inputs or --file, not both. Received: {len(self.inputs)} inputs and --file {self.file}"
            )
        run = load(self.run, trust=self.trust)
        options = answer_options(self)
        if self.explain:
            _explain(run, self._all_inputs(run), options)
        elif self.output:
            self._write(run, options)
        else:
            for _, raw, answers in self._answers(run, options):
                for item, answer in zip(raw, answers, strict=True):
                    print(json.dumps(answer) if self.json else _in_words(run, item, answer))

    def _answers(self, run: Any, options: Any) -> Iterator[tuple[Any, list[Any], list[dict[str, Any]]]]:
        """Yield rows, inputs and answers, piece by piece where they come from a file of the run's kind."""
        if self._by_row(run):
            yield from answers_of(run, str(self.file), **options)
            return
        import pandas as pd

        raw = self._all_inputs(run)
        answers = run.predict(raw, **options)
        texts = [item if isinstance(item, str) else None for item in raw]
        frame = pd.DataFrame({"input": texts} if any(texts) else {"row": range(1, len(raw) + 1)})
        yield frame, list(raw), answers

    def _by_row(self, run: Any) -> bool:
        return bool(self.file) and self.file != "-" and hasattr(run.data, "inputs_of")

    def _all_inputs(self, run: Any) -> Sequence[Any]:
        if self._by_row(run):
            return [item for _, raw in run.data.inputs_of(self.file) for item in raw if item is not None]
        if self.file and hasattr(run.data, "read_inputs") and self.file != "-":
            return run.data.read_inputs(self.file, **({"future_file": self.future_file} if self.future_file else {}))
        return _read_inputs(self.inputs, self.file)

    def _write(self, run: Any, options: Any) -> None:
        """Write rows with their answers, and say how many; draw them where the task has a picture of them."""
        from rich.console import Console
        from rich.progress import Progress

        console, rows, picture = Console(stderr=True), 0, None
        with writer(str(self.output)) as write, Progress(
            "{task.description}", "{task.completed:,} rows", console=console, transient=True,
            disable=not console.is_terminal,
        ) as bar:  # fmt: skip
            task = bar.add_task(f"answering {self.file or 'the inputs'}", total=None)
            for frame, raw, answers in self._answers(run, options):
                table = run.task.tabulated(answers)
                write(joined(frame, answers) if table is None else table)
                picture = run.task.drawn(run, answers, raw)
                rows += len(answers)
                bar.update(task, completed=rows)
        print_out(f"{rows:,} answers: {self.output}")
        if picture is not None:
            from rnnzoo.pictures.figures import save

            path = Path(str(self.output)).with_suffix(".png")
            save(picture, path)
            print_out(f"picture: {path}")


def _in_words(run: Any, item: Any, answer: dict[str, Any]) -> str:
    """Return the line of an answer; of a row without an input its note."""
    return f"({answer['note']})" if item is None else run.task.in_words(answer, item)


def _explain(run: Any, raw: Sequence[Any], options: dict[str, Any]) -> None:
    """Show where the model looked, and save the picture."""
    from rnnzoo.pictures.figures import save_own
    from rnnzoo.training.runs import EXPLAINED

    texts, picture = run.task.explained(run.explain(raw, **options))
    for text in texts:
        print_out(text, soft_wrap=True)
    save_own(picture, run.desk, EXPLAINED)
    print_out(f"picture: {run.desk / EXPLAINED}")


def _read_inputs(inputs: Sequence[str], file: str | None) -> list[Any]:
    if file and file.endswith((".npy", ".npz")):
        import numpy as np

        from rnnzoo.data.sequences.arrays import load_arrays, rows_of_x

        found = load_arrays(file)
        if isinstance(found, dict) and "x" not in found:
            raise InvalidValue(f"The file must hold an array x. Received: {', '.join(found) or 'nothing'}")
        return rows_of_x({"x": found} if isinstance(found, np.ndarray) else found)
    if file and file != "-":
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidValue(f"Cannot read this text file ({error}). Received: {file}") from None
        return [line for line in lines if line.strip()]
    if file == "-" or list(inputs) == ["-"]:
        try:
            return [line.rstrip("\n") for line in sys.stdin if line.strip()]
        except UnicodeDecodeError as error:
            raise InvalidValue(f"Standard input must be text in UTF-8 ({error}). Received: -") from None
    if not inputs:
        raise InvalidValue("Give inputs, --file, or - for standard input. Received: nothing to predict")
    return list(inputs)
