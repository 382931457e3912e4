"""A file of inputs, answered piece by piece: memory does not grow with the file."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

from rnnzoo.errors import InvalidValue
from rnnzoo.files import whole_file

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 2**15
"""Rows that are answered together: more of them share a batch of like lengths."""
NOTHING = {"note": "nothing to read in this row"}
OUTPUTS = (".csv", ".tsv", ".jsonl", ".parquet")


def check_output(path: str) -> None:
    """Refuse a name for answers whose ending tells no format."""
    if not path.lower().endswith(OUTPUTS):
        raise InvalidValue(f"Answers go to a file that ends in {', '.join(OUTPUTS)}. Received: --output {path}")
    if os.path.isdir(path):
        raise InvalidValue(f"Answers go to a file. Received: a folder, --output {path}")


def answers_of(run: Any, file: str, **options: Any) -> Iterator[tuple["pd.DataFrame", list[Any], list[dict[str, Any]]]]:
    """Yield the rows of a file, what was read of each, and its answer, in the file's order.

    Args:
        run: A `rnnzoo.training.runs.Run`.
        file: Of the kind that the run was trained on.
        **options: Those of its task.
    """
    for frame, raw in _together(run.data.inputs_of(file)):
        asked = [item for item in raw if item is not None]
        found = iter(run.predict(asked, **options) if asked else ())
        yield frame, raw, [dict(NOTHING) if item is None else next(found) for item in raw]


def _together(pieces: Iterable[Any]) -> Iterator[tuple["pd.DataFrame", list[Any]]]:
    """Join pieces to larger ones."""
    import pandas as pd

    frames: list[Any] = []
    raw: list[Any] = []
    for piece in pieces:
        frames.append(piece.frame)
        raw += piece.raw
        if len(raw) >= AT_ONCE:
            yield pd.concat(frames), raw
            frames, raw = [], []
    if raw:
        yield pd.concat(frames), raw


def joined(frame: "pd.DataFrame", answers: list[dict[str, Any]]) -> "pd.DataFrame":
    """Return rows with their answers beside them; an answer called as one of the columns becomes `predicted_...`."""
    import pandas as pd

    names = dict.fromkeys(name for answer in answers for name in answer)
    columns = {
        f"predicted_{name}" if name in frame.columns else name: [answer.get(name) for answer in answers]
        for name in names
    }
    return pd.concat([frame.reset_index(drop=True), pd.DataFrame(columns)], axis=1)


@contextmanager
def writer(path: str) -> Iterator[Any]:
    """Give a function that appends rows to a file, which appears whole in the end.

    Args:
        path: Ends in `.csv`, `.tsv`, `.jsonl` or `.parquet`.
    """
    check_output(path)
    kind = path.lower().rpartition(".")[2]
    with whole_file(path) as temporary:
        if kind == "parquet":
            with _Parquet(temporary) as rows:
                yield rows.add
        else:
            with open(temporary, "w", encoding="utf-8", newline="") as file:
                yield _Lines(file).add if kind == "jsonl" else _Cells(file, "\t" if kind == "tsv" else ",").add


class _Lines:
    """Rows as JSON Lines."""

    def __init__(self, file: IO[str]):
        self.file = file

    def add(self, frame: "pd.DataFrame") -> None:
        """Append rows."""
        for row in frame.to_dict("records"):
            self.file.write(json.dumps({name: _plain(v) for name, v in row.items()}, ensure_ascii=False) + "\n")


class _Cells:
    """Rows as cells with separators; all have the columns of the first."""

    def __init__(self, file: IO[str], separator: str):
        self.file, self.separator, self.columns = file, separator, list[str]()

    def add(self, frame: "pd.DataFrame") -> None:
        """Append rows."""
        first = not self.columns
        self.columns = self.columns or [*frame.columns, *({"note"} - set(frame.columns))]
        cells = frame.reindex(columns=self.columns).map(_cell)
        cells.to_csv(self.file, index=False, header=first, sep=self.separator, lineterminator="\n")


class _Parquet:
    """Rows as Parquet; the first ones tell the types."""

    def __init__(self, path: str):
        self.path, self.writer = path, cast(Any, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.writer:
            self.writer.close()

    def add(self, frame: "pd.DataFrame") -> None:
        """Append rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self.writer is None:
            if "note" not in frame.columns:
                frame = frame.assign(note=None)
            found = pa.Schema.from_pandas(frame, preserve_index=False)
            fields = [pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type) for f in found]
            self.writer = pq.ParquetWriter(self.path, pa.schema(fields))
        frame = frame.reindex(columns=self.writer.schema.names)
        self.writer.write_table(pa.Table.from_pandas(frame, self.writer.schema, preserve_index=False))


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    return None if isinstance(value, float) and value != value else value


def _cell(value: Any) -> Any:
    """Return a value as a cell of a table of text holds it."""
    if isinstance(value, list) and value and all(isinstance(item, str) and " " not in item for item in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
