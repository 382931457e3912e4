"""One side of a pair: text → token ids, and token ids → text. 0 is padding, 1 unknown; of a target 2 is the end."""

import base64
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

import numpy as np

from rnnzoo._lazy import required
from rnnzoo.data.ragged import Ragged
from rnnzoo.data.text.vocabulary import END, FIRST, UNKNOWN
from rnnzoo.errors import InvalidValue

Unit = Literal["words", "characters", "subwords"]
WRITTEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
"""Words with their inner apostrophes, and punctuation marks: all that is written, letters as they are."""
UNKNOWN_SIGN, END_SIGN = "⁇", "■"
"""What a person reads for an unknown token, and for the end in pictures."""
LONGEST = 2**16
"""Bytes of a sentence that SentencePiece learns from."""


class Tokenizer(Protocol):
    """What both kinds offer. `ids` numbers the tokens that the model knows, from `first` on."""

    ids: dict[str, int]
    first: int

    def __len__(self) -> int:
        """Count the ids, padding, unknown and the end included."""
        ...

    def encode(self, text: str) -> np.ndarray:
        """Return the ids of a text, int32 `(time,)`, without an end."""
        ...

    def pieces(self, text: str) -> list[str]:
        """Return the tokens of a text as they are written, one for each id of `encode`."""
        ...

    def tokens(self, ids: Sequence[int] | np.ndarray) -> list[str]:
        """Return the token of each id."""
        ...

    def text(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return what the ids read as."""
        ...

    def normal(self, text: str) -> str:
        """Return what a faultless answer would read as: the text as this vocabulary would write it if it knew all."""
        ...


def fit(texts: Iterable[str], unit: Unit, size: int, first: int) -> dict[str, Any]:
    """Fit a vocabulary on texts and return what a run keeps of it; `restore` makes a tokenizer of it.

    Args:
        texts: Of train.
        unit: `words`, `characters`, or `subwords`: a unigram model of SentencePiece.
        size: Of the vocabulary, padding, unknown and the end included; the most frequent tokens are kept.
        first: The first token's id: 2, or 3 where 2 is the end.

    Raises:
        ValueError: There is no token, or no room for one.
    """
    if size <= first:
        raise InvalidValue(
            f"A vocabulary needs room for a token beside padding, unknown and the end. Received: vocabulary_size={size}"
        )
    if unit == "subwords":
        return {"unit": unit, "first": first, "model": base64.b64encode(_sentence_piece(texts, size, first)).decode()}
    counts = Counter(token for text in texts for token in _split(text, unit))
    if not counts:
        raise InvalidValue("The training texts hold no token. Received: only empty texts")
    return {"unit": unit, "first": first, "tokens": [token for token, _ in counts.most_common(size - first)]}


def restore(fitted: dict[str, Any]) -> Tokenizer:
    """Return the tokenizer that `fit` described."""
    if fitted["unit"] == "subwords":
        return Subwords(base64.b64decode(fitted["model"]), fitted["first"])
    return Tokens(fitted["tokens"], fitted["unit"], fitted["first"])


def encode_all(tokenizer: Tokenizer, texts: Iterable[str]) -> Ragged:
    """Return the ids of each text, with END behind them where the vocabulary has it; all share one array.

    A source of which nothing is left (SentencePiece drops some signs) is read as one unknown token.
    """
    tail = np.array([END] if tokenizer.first > END else [], "int32")
    rows = [np.append(tokenizer.encode(text), tail) for text in texts]
    rows = [row if len(row) else np.array([UNKNOWN], "int32") for row in rows]
    ends = np.cumsum([len(row) for row in rows], dtype="int64")
    return Ragged(np.concatenate([np.zeros(0, "int32"), *rows]), np.append(0, ends)[:-1], ends)


def _split(text: str, unit: str) -> list[str]:
    return list(text) if unit == "characters" else WRITTEN.findall(text)


class Tokens:
    """Words and punctuation marks, or characters, as they are written.

    Args:
        tokens: Token number i has the id i + first.
        unit: `words` or `characters`.
        first: The first token's id.
    """

    def __init__(self, tokens: Sequence[str], unit: Unit, first: int = FIRST):
        self.unit, self.first = unit, first
        self.ids = {token: i for i, token in enumerate(tokens, first)}
        self._written = ["", UNKNOWN_SIGN, END_SIGN][:first] + list(tokens)

    def __len__(self):
        """Count the ids, padding, unknown and the end included."""
        return len(self._written)

    def encode(self, text: str) -> np.ndarray:
        """Return the ids of a text, int32 `(time,)`."""
        return np.array([self.ids.get(token, UNKNOWN) for token in _split(text, self.unit)], "int32")

    def pieces(self, text: str) -> list[str]:
        """Return the tokens of a text as they are written."""
        return _split(text, self.unit)

    def tokens(self, ids: Sequence[int] | np.ndarray) -> list[str]:
        """Return the token of each id."""
        return [self._written[i] for i in ids]

    def text(self, ids: Sequence[int] | np.ndarray) -> str:
        """Join the tokens: words by spaces, characters as they follow each other."""
        return ("" if self.unit == "characters" else " ").join(self.tokens(ids))

    def normal(self, text: str) -> str:
        """Return the text's tokens joined in the same way."""
        return ("" if self.unit == "characters" else " ").join(_split(text, self.unit))


class Subwords:
    """Pieces of words: a unigram model of SentencePiece, Kudo (2018), https://aclanthology.org/P18-1007.

    Args:
        model: The model file's bytes.
        first: The first token's id.
    """

    unit = "subwords"

    def __init__(self, model: bytes, first: int = FIRST):
        self.first = first
        self._model = _sentencepiece().SentencePieceProcessor(model_proto=model)
        self.ids = {self._model.id_to_piece(i): i for i in range(first, len(self))}

    def __len__(self):
        """Count the ids, padding, unknown and the end included."""
        return self._model.get_piece_size()

    def encode(self, text: str) -> np.ndarray:
        """Return the ids of a text, int32 `(time,)`."""
        return np.array(self._model.encode(text), "int32")

    def pieces(self, text: str) -> list[str]:
        """Return the pieces of a text as they are written; ▁ stands for a space."""
        return self._model.encode(text, out_type=str)

    def tokens(self, ids: Sequence[int] | np.ndarray) -> list[str]:
        """Return the piece of each id."""
        special = ["", UNKNOWN_SIGN, END_SIGN][: self.first]
        return [special[i] if i < self.first else self._model.id_to_piece(int(i)) for i in ids]

    def text(self, ids: Sequence[int] | np.ndarray) -> str:
        """Return the text that the pieces make."""
        return self._model.decode([int(i) for i in ids])

    def normal(self, text: str) -> str:
        """Return the text with SentencePiece's normal letters and spaces."""
        return self._model.normalize(text).replace("▁", " ").strip()


def _sentencepiece() -> Any:
    return required("sentencepiece", "translation", "Subwords need SentencePiece")


def _sentence_piece(texts: Iterable[str], size: int, first: int) -> bytes:
    model = io.BytesIO()
    try:
        _sentencepiece().SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            vocab_size=size,
            hard_vocab_limit=False,  # few texts have fewer pieces
            pad_id=0,
            unk_id=UNKNOWN,
            bos_id=-1,
            eos_id=END if first > END else -1,
            max_sentence_length=LONGEST,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        why = str(error).rpartition("] ")[2].split(". ")[0].strip() or "the training texts hold no token"
        raise InvalidValue(f"SentencePiece cannot make subwords ({why}). Received: vocabulary_size={size}") from None
    return model.getvalue()
