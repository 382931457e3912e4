"""The data of a search, read once: every trial takes it from one file, and cuts and batches it as its values say."""

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo.data import ragged
from rnnzoo.data.splits import InParts, Splits
from rnnzoo.files import whole_file
from rnnzoo.training.recipe import Recipe


def prepare(recipe: Recipe, path: Path, data_dir: str | None) -> dict[str, Any]:
    """Read the data once, unless the file is there, and return what the space must know of it.

    The file holds train and validation, encoded, at full length; test is not touched in a search. Data that cannot be
    batched anew (`InParts` can) are read by each trial.

    Returns:
        `longest`: steps of the longest training sequence; `examples` of train; whether there is a `validation` part;
        `lengths`: whether the sequence length is to be searched; `tokens`: whether the sequences are of tokens.

    Raises:
        ValueError, TypeError: Data that no model can be trained on.
    """
    of = {"data": recipe.to_config()["data"], "limit": recipe.limit, **recipe.data.seen()}
    others = False
    parts: dict[str, Any]
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as file:
                facts = json.loads(str(file["facts"]))
            if facts["of"] == of:
                return facts
            others = (path.parent / "search.json").exists()  # which is about to be refused: leave its data alone
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
            pass  # damaged: it is made again
    if isinstance(recipe.data, InParts):
        parts = recipe.data.read(limit=recipe.limit, data_dir=data_dir)
        parts = {name: part for name, part in parts.items() if name != "test"}
        arrays: dict[str, Any] = {"fitted": np.array(json.dumps(recipe.data.fitted))}
        for name, (x, y) in parts.items():
            arrays |= {f"{name}/x/{k}": v for k, v in _flat(x).items()} | {
                f"{name}/y/{k}": v for k, v in _flat(y).items()
            }
        rows = parts["train"][0]
    else:
        splits, arrays = recipe.load(data_dir), {}
        parts = {name: (part.x, part.y) for name, part in splits.parts.items()}
        rows = parts["train"][0]
    lengths = ragged.lengths(rows)
    facts = {
        "longest": int(lengths.max()), "examples": len(rows), "validation": "validation" in parts,
        "lengths": recipe.data.searches_sequence_length(lengths),
        "tokens": "vocabulary_size" in recipe.data.inputs, "of": of,
    }  # fmt: skip
    if others:
        return facts
    with whole_file(path, suffix=".npz") as temporary:
        np.savez(temporary, facts=np.array(json.dumps(facts)), **arrays)
    return facts


def load(recipe: Recipe, path: str | os.PathLike, data_dir: str | None) -> Splits:
    """Batch the prepared data as the recipe says; its data object is fitted afterwards."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if "fitted" not in arrays:
        return recipe.load(data_dir)
    recipe.data.fitted = json.loads(str(arrays["fitted"]))
    parts = {name: (_rows(arrays, f"{name}/x"), _rows(arrays, f"{name}/y")) for name in ("train", "validation")
             if f"{name}/x/values" in arrays}  # fmt: skip
    return recipe.data.batch(
        parts, sequence_length=recipe.sequence_length, batch_size=recipe.batch_size, seed=recipe.seed
    )


def targets(splits: Splits) -> str | None:
    """Return a digest of the validation targets, None where there are none."""
    if "validation" not in splits.parts:
        return None
    y: Any = splits.parts["validation"].y
    values = y if isinstance(y, np.ndarray) else np.concatenate(y)
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


def _flat(rows: Any) -> dict[str, np.ndarray]:
    """Lay rows of unequal length end to end; an array stays as it is."""
    if isinstance(rows, np.ndarray):
        return {"values": rows}
    return {"values": np.concatenate(list(rows)), "lengths": ragged.lengths(rows)}


def _rows(arrays: dict[str, np.ndarray], name: str) -> Any:
    values = arrays[f"{name}/values"]
    if f"{name}/lengths" not in arrays:
        return values
    ends = np.cumsum(arrays[f"{name}/lengths"])
    return ragged.Ragged(values, ends - arrays[f"{name}/lengths"], ends)
