"""The models that come with the package: make them, and measure them again.

`python recipes/presets.py make imdb` trains it by its recipe, into runs/presets/imdb, packs it with small numbers,
measures what that costs and writes rnnzoo/presets/imdb.rnnzoo. A run that is finished is not trained again.
`check [NAME ...]` measures the presets with the repository's own protocols, on data from TFDS_DATA_DIR, and compares
with what they say.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import rnnzoo
from rnnzoo import cli
from rnnzoo.errors import UserError
from rnnzoo.sharing import packs
from rnnzoo.training.catalog import find_recipe
from rnnzoo.training.several.compare import main_metric

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "rnnzoo" / "presets"
RUNS = Path("runs", "presets")
LARGEST = 3_000_000
"""Bytes of a preset."""
SAME = 5e-4
"""Two measurements differ by less: machines round differently."""


@dataclass(frozen=True)
class Made:
    """How a preset is made.

    Args:
        arguments: Of the recipe: its name, and then what follows `train`.
        worth: What its measure reaches, or stays under where less is better.
        summary: What it does.
        data: What it is trained on.
        licence: Of the data.
        limits: What to know before using it.
    """

    arguments: str
    worth: float
    summary: str
    data: str
    licence: str
    limits: str

    @property
    def command(self) -> str:
        """What trains it."""
        recipe, _, others = self.arguments.partition(" ")
        return f"python recipes/{recipe}.py train {others}".rstrip()


PRESETS = {
    "dates": Made(
        "dates",
        0.999,
        "dates as people write them in 18 languages and regions, to ISO 8601",
        "dates of the package's own generator",
        "none needed: generated",
        "One date a text, of the years 1900 to 2100, in forms that Babel's locale data give.",
    ),
    "digits": Made(
        "digits",
        0.97,
        "handwritten digits, 8 rows of 8 pixels of 0 to 1",
        "Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, 1998), as scikit-learn has them",
        "CC BY 4.0",
        "Digits of the size and blur of this data set.",
    ),
    "english_pos": Made(
        "tagging --set crf=true",
        0.955,
        "universal parts of speech of English words",
        "UD English LinES 2.10 (Ahrenberg, 2015)",
        "CC BY-NC-SA 4.0",
        "Split into words by rule; novels, manuals and debates. The treebank is not for commercial use.",
    ),
    "etth1": Made(
        "ett",
        0.37,
        "load and oil temperature of a transformer, 96 hours from 96 hours",
        "ETTh1 (Zhou et al., 2021, https://github.com/zhouhaoyi/ETDataset)",
        "CC BY-ND 4.0",
        "One transformer, two years: a benchmark, no forecast of yours.",
    ),
    "imdb": Made(
        "imdb --set units=112 --set dropout=0.6 --sequence-length 512 --batch-size 44 --learning-rate 0.00312"
        " --monitor val_accuracy",
        0.895,
        "film reviews in English: pos or neg",
        "Large Movie Review Dataset (Maas et al., 2011)",
        "not stated; cite Maas et al.",
        "Whole reviews of films in English; it always answers pos or neg, of whatever text.",
    ),
    "scan": Made(
        "scan",
        0.998,
        "commands such as `jump twice and walk left` to the actions that they ask for",
        "SCAN, simple split (Lake and Baroni, 2018)",
        "BSD",
        "The commands of SCAN's grammar alone.",
    ),
    "shakespeare": Made(
        "shakespeare",
        1.51,
        "goes on with a text as Shakespeare's plays would, character by character",
        "tiny_shakespeare (Karpathy, 2015)",
        "public domain",
        "65 characters; it knows no facts and no present-day English.",
    ),
}


def make(name: str, run: Path | None = None) -> Path:
    """Train a preset unless its run is finished, pack it, measure it, and write it into the package.

    Args:
        name: Of `PRESETS`.
        run: The run folder; by default `runs/presets/<name>`.
    """
    made, folder = PRESETS[name], run or RUNS / name
    recipe, *others = made.arguments.split()
    cli.main(find_recipe(recipe), ["train", *others, "--run", str(folder)])
    results = rnnzoo.load(folder).results
    split, measure = list(results["metrics"])[-1], main_metric(results)
    trained = results["metrics"][split][measure]
    with tempfile.TemporaryDirectory() as there:
        small = packs.pack(folder, Path(there, f"{name}{packs.ENDING}"), small=True)
        compact = rnnzoo.load(small).evaluate()[measure]
    quality: packs.Quality = {"split": split, "measure": measure, "trained": trained, "compact": round(compact, 6)}
    told: packs.About = {
        "summary": made.summary, "data": made.data, "licence": made.licence, "limits": made.limits,
        "command": made.command, "quality": quality,
    }  # fmt: skip
    path = packs.pack(folder, FOLDER / f"{name}{packs.ENDING}", small=True, about=told)
    print(f"{name}: {split} {measure} {trained:.4f}, made small {compact:.4f}, {path.stat().st_size:,} bytes")
    return path


def check(names: Sequence[str]) -> list[str]:
    """Measure presets again; return what is wrong of them."""
    wrong = []
    for preset in rnnzoo.list_presets():
        if preset.name not in (names or PRESETS):
            continue
        said = preset.quality
        found = rnnzoo.load(preset.name).evaluate()[said["measure"]]
        print(
            f"{preset.name}: {said['split']} {said['measure']} {found:.4f}, {said['compact']:.4f} is said", flush=True
        )
        worth, sign = PRESETS[preset.name].worth, -1 if said["measure"] in ("loss", "mse") else 1
        if abs(found - said["compact"]) > SAME:
            wrong.append(f"{preset.name}: {found:.4f} is not {said['compact']:.4f}")
        if sign * found < sign * worth:
            wrong.append(f"{preset.name}: {found:.4f} misses {worth}")
        if preset.size > LARGEST:
            wrong.append(f"{preset.name}: {preset.size:,} bytes")
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    maker = commands.add_parser("make", help="train, pack, measure and write a preset")
    maker.add_argument("name", choices=PRESETS)
    maker.add_argument("--run", type=Path, help="the run folder, finished or not; by default runs/presets/NAME")
    checker = commands.add_parser("check", help="measure presets again")
    checker.add_argument("names", nargs="*", metavar="NAME", help="by default all")
    options = parser.parse_args(arguments)
    try:
        if options.command == "make":
            make(options.name, options.run)
            return 0
        wrong = check(options.names)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(wrong) or "all presets are what they say")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
