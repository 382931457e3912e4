"""What a model of pairs writes: decoded, judged as whole answers, and beside it where it looked."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo._lazy import required
from rnnzoo.data.pairs.pair_batches import PairBatches
from rnnzoo.data.text.vocabulary import END, UNKNOWN
from rnnzoo.errors import InvalidValue

TRANSLATIONS_NEED = "Translations are measured by sacrebleu and rapidfuzz"
BLEU_TOKENS = {"words": "none", "characters": "char", "subwords": "13a"}
"""How sacrebleu splits what BLEU counts: at the spaces between our tokens, at every character, or as WMT does. Answers
that are all shorter than four tokens are judged by shorter n-grams."""


@dataclass(frozen=True)
class Translation:
    """What was written for one source.

    Args:
        text: The answer.
        score: Its log-probability, nats, the end's included: the higher the surer.
        source: The tokens that were read.
        target: The tokens that were written; the end is the last, where decoding came to it.
        attention: The weight that each step of writing gave to each token read, `(target, source)`; None where the
            model has no attention.
    """

    text: str
    score: float
    source: Sequence[str]
    target: Sequence[str]
    attention: np.ndarray | None


def most_steps(data: Any) -> int:
    """Return how many tokens are written at most: twice as many as in the longest target of training, and ten."""
    return 2 * data.longest[1] + 10


def translate(model: Any, data: Any, ids: Sequence[np.ndarray], *, beam: int = 1) -> list[Translation]:
    """Write an answer for each source.

    Args:
        model: Of `task="translation"`.
        data: The data object that it was trained on.
        ids: What the model reads, one array a source.
        beam: How many answers are followed side by side; 1 takes the likeliest token at each step.
    """
    from rnnzoo.inference.decoding import decode

    decoded = decode(model, ids, beam=beam, max_length=most_steps(data))
    source, target = data.vocabulary, data.target_vocabulary
    found = []
    for i, (read, written) in enumerate(zip(ids, decoded.tokens, strict=True)):
        attention = None if decoded.attention is None else decoded.attention[i]
        steps = len(written) + 1 if attention is None else len(attention)  # the end has a step, where it was reached
        tokens = target.tokens([*written, END][:steps])
        found.append(
            Translation(target.text(written), float(decoded.scores[i]), source.tokens(read), tokens, attention)
        )
    return found


def written(model: Any, data: Any, raw: Sequence[str]) -> list[np.ndarray]:
    """Return the ids of what a model writes for texts, without the end, the likeliest token at each step."""
    from rnnzoo.inference.decoding import decode

    return decode(model, data.encode(raw), max_length=most_steps(data)).tokens


def judge(model: Any, batches: PairBatches, data: Any, *, beam: int = 1) -> tuple[dict[str, float], list[Translation]]:
    """Write an answer for each source; return what whole answers are worth (see `measures`), and what was written."""
    found = translate(model, data, [batches.x[i] for i in range(len(batches))], beam=beam)
    return measures([one.text for one in found], truth(batches, data), data), found


def truth(batches: PairBatches, data: Any) -> Sequence[str]:
    """Return the faultless answers. Where the texts were not kept, a token that the vocabulary lacks reads ⁇."""
    if batches.texts is not None:
        return batches.texts
    tokenizer = data.target_vocabulary
    return [tokenizer.text(ids[:-1]) for ids in batches.y]


def measures(written: Sequence[str], faultless: Sequence[str], data: Any) -> dict[str, float]:
    """Measure whole answers, as texts of joined tokens.

    Args:
        written: The answers.
        faultless: What they should be.
        data: The data object; its target tokens decide how BLEU splits the texts, see `BLEU_TOKENS`.

    Returns:
        `exact_match`, 0 to 1; `bleu` and `chrf` of the whole corpus, 0 to 100, by sacrebleu; `cer`, the edits
        (characters put in, taken out or exchanged) that would mend the answers, per character of the truth.

    Reference: Post (2018), https://aclanthology.org/W18-6319; Popović (2015), https://aclanthology.org/W15-3049.
    """
    Levenshtein = required("rapidfuzz.distance", "translation", TRANSLATIONS_NEED).Levenshtein
    metrics = required("sacrebleu.metrics", "translation", TRANSLATIONS_NEED)

    unit = data.target_tokens or data.tokens
    bleu = metrics.BLEU(tokenize=BLEU_TOKENS[unit], effective_order=True, force=True)
    edits = sum(Levenshtein.distance(one, other) for one, other in zip(faultless, written, strict=True))
    return {
        "exact_match": float(np.mean([one == other for one, other in zip(written, faultless, strict=True)])),
        "bleu": bleu.corpus_score(written, [faultless]).score,
        "chrf": metrics.CHRF().corpus_score(written, [faultless]).score,
        "cer": edits / max(1, sum(map(len, faultless))),
    }


def answers(model: Any, data: Any, raw: Sequence[str], *, beam: int = 1) -> list[dict[str, Any]]:
    """Return `[{"text": ..., "score": ...}]` for raw sources, with a `note` where an answer rests on little."""
    ids = data.encode(raw)
    found = []
    for one, row in zip(translate(model, data, ids, beam=beam), ids, strict=True):
        note = _note(row, data.longest[0])
        found.append({"text": one.text, "score": one.score} | ({"note": note} if note else {}))
    return found


def explain(model: Any, data: Any, raw: Sequence[str], *, beam: int = 1) -> list[Translation]:
    """Return what is written for raw sources, beside their tokens as a person wrote them.

    Raises:
        ValueError: The model has no attention.
    """
    found = translate(model, data, data.encode(raw), beam=beam)
    if found[0].attention is None:
        raise InvalidValue(
            "This model has no attention, so there is no alignment to show; seq2seq_bahdanau, seq2seq_luong and "
            f"seq2seq_dot have. Received: {model.name}"
        )
    tokenizer = data.vocabulary
    return [dataclasses.replace(one, source=tokenizer.pieces(text)) for one, text in zip(found, raw, strict=True)]


def _note(row: np.ndarray, longest: int) -> str | None:
    if (row == UNKNOWN).all():
        return "the model knows no token of this input: the answer is its bias"
    if len(row) > longest:
        return f"this input of {len(row)} tokens is longer than any in training ({longest})"
    return None
