"""Tests of memory: a word and a tag for each step. Generated: no download."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow_datasets as tfds

SIZES = {"train": 10_000, "validation": 500, "test": 1000}
LENGTHS = (16, 32, 64, 100, 128, 200, 256, 400, 500, 1000)
SYMBOLS = list("abcdefgh")
COPIED, DEEPEST, BEYOND = 10, 8, 4
BLANK, ASKED, NOTHING = ".", "?", "-"

Sentence = tuple[list[str], list[str]]


def copied(length: int, part: str, rng: np.random.Generator) -> Sentence:
    """Ten symbols, `length` blanks, then ten questions: the symbols in their order."""
    symbols = _drawn(rng, SYMBOLS, COPIED)
    words = [*symbols, *[BLANK] * length, *[ASKED] * COPIED]
    return words, [*[NOTHING] * (COPIED + length), *symbols]


def selectively_copied(length: int, part: str, rng: np.random.Generator) -> Sentence:
    """Ten symbols somewhere among `length` steps, then ten questions: the symbols in their order."""
    symbols, words = _drawn(rng, SYMBOLS, COPIED), [BLANK] * length
    for place, symbol in zip(np.sort(rng.choice(length, COPIED, replace=False)), symbols, strict=True):
        words[place] = symbol
    return [*words, *[ASKED] * COPIED], [*[NOTHING] * length, *symbols]


def recalled(length: int, part: str, rng: np.random.Generator) -> Sentence:
    """Four keys, each with a value after it, blanks, and the keys in another order: the value of each.

    There are eight keys and eight values; `length` counts all steps.
    """
    keys, values = list(rng.permutation(8)[:4]), _drawn(rng, SYMBOLS, 4)
    words = [word for key, value in zip(keys, values, strict=True) for word in (f"{key}", value)]
    asked = rng.permutation(4)
    blanks = length - len(words) - len(asked)
    words += [*[BLANK] * blanks, *(f"{keys[i]}" for i in asked)]
    return words, [*[NOTHING] * (length - len(asked)), *(values[i] for i in asked)]


def parity(length: int, part: str, rng: np.random.Generator) -> Sentence:
    """Bits; at each step whether the ones so far are odd. Train has 1 to `length`, test four times as many."""
    count = {"train": int(rng.integers(1, length + 1)), "validation": length}.get(part, BEYOND * length)
    bits = rng.integers(0, 2, count)
    return [str(bit) for bit in bits], [("even", "odd")[odd] for odd in np.cumsum(bits) % 2]


def dyck(length: int, part: str, rng: np.random.Generator) -> Sentence:
    """Brackets of two kinds, at most eight deep; at each step which is open. Train has 2 to `length` steps."""
    count = {"train": int(rng.integers(2, length + 1)), "validation": length}.get(part, BEYOND * length)
    words: list[str] = []
    tags: list[str] = []
    stack: list[str] = []
    for _ in range(count):
        if stack and (len(stack) == DEEPEST or rng.random() < 0.5):
            words.append({"(": ")", "[": "]"}[stack.pop()])
        else:
            stack.append(str(rng.choice(["(", "["])))
            words.append(stack[-1])
        tags.append({"(": "round", "[": "square"}[stack[-1]] if stack else "empty")
    return words, tags


def _drawn(rng, symbols, count):
    return [symbols[i] for i in rng.integers(0, len(symbols), count)]


TASKS: dict[str, Callable[[int, str, np.random.Generator], Sentence]] = {
    "copy": copied,
    "selective_copy": selectively_copied,
    "recall": recalled,
    "parity": parity,
    "dyck": dyck,
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """Each test in lengths of 16 to 1,000 steps: `memory/copy_200`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=f"{task}_{n}", description=f"{n} steps. {make.__doc__ or ''}")
        for task, make in TASKS.items()
        for n in LENGTHS
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        """A word and a tag for each step."""
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "words": tfds.features.Sequence(tfds.features.Text()),
                    "tags": tfds.features.Sequence(tfds.features.Text()),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        """10,000, 500 and 1,000 sequences, each part from a seed of its own."""
        return {part: self._generate_examples(part, size, seed) for seed, (part, size) in enumerate(SIZES.items())}

    def _generate_examples(self, part: str, size: int, seed: int) -> Iterator[tuple[int, dict[str, list[str]]]]:
        task, _, length = self.builder_config.name.rpartition("_")
        rng = np.random.default_rng(seed)
        for i in range(size):
            words, tags = TASKS[task](int(length), part, rng)
            yield i, {"words": words, "tags": tags}
