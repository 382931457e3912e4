"""`generate`: a language model continues a text, one token at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rnnzoo import hyperparameters as hp
from rnnzoo.data.text.vocabulary import FIRST
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import HyperParameter

TEMPERATURE = HyperParameter(float, low=0.0)
COUNT = HyperParameter(int, low=1)


def generate(
    run: Any,
    prompt: str,
    *,
    characters: int = 500,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int | None = None,
) -> str:
    """Continue a text; see `stream` for the arguments.

    Returns:
        The continuation, without the prompt.

    Example:
        >>> print(rnnzoo.generate("runs/shakespeare-lstm-0", "ROMEO:", temperature=0.8, seed=1))
    """
    return "".join(stream(run, prompt, characters=characters, temperature=temperature, top_k=top_k, seed=seed))


def stream(
    run: Any,
    prompt: str,
    *,
    characters: int = 500,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int | None = None,
) -> Iterator[str]:
    """Yield the continuation piece by piece. The state is carried, so a token costs the same wherever it stands.

    Args:
        run: A run folder of a language model, or a `Run`.
        prompt: What is continued.
        characters: Tokens to write: characters, or words for a model of words.
        temperature: Below 1 the likely tokens become likelier still; 0 always takes the likeliest.
        top_k: Draw from so many likeliest tokens alone; None from all.
        seed: Of the draws; None draws anew each time.

    Raises:
        ValueError: An empty prompt, a character that the model has never seen, a run of another task, a value out of
            bounds.
    """
    from rnnzoo.rebuilding import rebuild
    from rnnzoo.training.runs import Run, load

    run = run if isinstance(run, Run) else load(run)
    if "generate" not in run.task.commands:
        raise InvalidValue(f"Only a language model continues a text. Received: a run of task {run.task.name!r}")
    characters = COUNT.check("characters", characters)
    temperature = TEMPERATURE.check("temperature", temperature)
    top_k = None if top_k is None else COUNT.check("top_k", top_k)
    seed = hp.check("seed", seed)
    (ids,) = run.data.encode([prompt])
    if not len(ids):
        raise InvalidValue(f"Give a prompt to continue: --prompt 'Once upon'. Received: {prompt!r}")
    vocabulary, space = run.data.vocabulary, "" if run.data.tokens == "characters" else " "
    model, rng = rebuild(run.model, stateful=True, batch_size=1), np.random.default_rng(seed)

    def tokens():
        logits = model.predict_on_batch(ids[None])[0, -1]
        for _ in range(characters):
            token = draw(logits, rng, temperature, top_k)
            yield space + vocabulary.tokens[token - FIRST]
            logits = model.predict_on_batch(np.array([[token]], "int32"))[0, -1]

    return tokens()


def draw(logits: np.ndarray, rng: np.random.Generator, temperature: float, top_k: int | None) -> int:
    """Draw a token from softmax(logits / temperature), padding and unknown left out.

    Args:
        logits: `(vocabulary,)`.
        rng: Of the draw.
        temperature: 0 takes the likeliest.
        top_k: Only so many likeliest tokens.
    """
    from scipy.special import softmax

    logits = np.asarray(logits, "float64").copy()
    logits[:FIRST] = -np.inf
    if temperature == 0:
        return int(logits.argmax())
    if top_k is not None and top_k < len(logits) - FIRST:
        logits[logits < np.partition(logits, -top_k)[-top_k]] = -np.inf
    return int(rng.choice(len(logits), p=softmax(logits / temperature)))
