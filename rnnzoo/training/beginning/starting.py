"""What a training starts from: the model that a recipe describes, and its first weights."""

import dataclasses
import time
from typing import Any

import keras
from rich.console import Console

from rnnzoo import hyperparameters as hp
from rnnzoo.builder import build, make_optimizer
from rnnzoo.data.splits import Splits
from rnnzoo.data.text.ngram_scores import start_scores
from rnnzoo.data.text.vocabulary import Vocabulary
from rnnzoo.data.text.word_vectors import ppmi_vectors
from rnnzoo.errors import InvalidValue
from rnnzoo.sharing import places
from rnnzoo.training import runs
from rnnzoo.training.beginning.layerwise import layerwise
from rnnzoo.training.recipe import Recipe
from rnnzoo.weights import take_weights


def model_of(recipe: Recipe, splits: Splits, trust: bool = False) -> Any:
    """Build the recipe's model for the data, with the weights of another run where it asks for them."""
    learning_rate: Any = recipe.learning_rate
    steps = splits.parts["train"].steps()
    if recipe.schedule == "cosine":
        learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, recipe.epochs * steps)
    momentum = None if recipe.average is None else 1 - 1 / max(1, recipe.average * steps)
    tokens = _settings_of_tokens(recipe)
    rows, characters = _shared(recipe, trust)
    model = build(
        recipe.model,
        recipe.task,
        **recipe.data.inputs,
        **tokens,
        weights=None if rows else recipe.weights,
        trainable_body=recipe.trainable_body,
        optimizer=make_optimizer(recipe.optimizer, learning_rate, momentum, recipe.clip),
        seed=recipe.seed,
        **recipe.hyperparameters,
    )
    if rows:
        take_weights(model, recipe.weights, rows, characters)
    if recipe.rate_ratio != 1 or recipe.unfreeze:
        model.optimizer = layerwise(model.optimizer, model, recipe.rate_ratio, round(recipe.unfreeze * steps))
        model.optimizer.build(model.trainable_variables)
    return model


def _settings_of_tokens(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that `build` takes for tokens; for numbers none, and the recipe must have none."""
    if "vocabulary_size" in recipe.data.inputs:
        return {"embedding_dim": recipe.embedding_dim, "word_dropout": recipe.word_dropout}
    for field in dataclasses.fields(Recipe):
        value = getattr(recipe, field.name)
        if field.name in hp.OF_TOKENS and value != field.default:
            raise InvalidValue(
                f"{field.name} belongs to tokens, and these data are numbers. Received: {field.name}={value!r}"
            )
    return {}


def start_embedding(recipe: Recipe, model: Any, splits: Splits) -> None:
    """Give the tokens their first vectors, where the recipe asks for others than random ones."""
    if recipe.embedding == "random" or recipe.weights is not None:
        return
    size = recipe.data.inputs["vocabulary_size"]
    rows: Any = splits.parts["train"].x
    words = (row[:, 0] if row.ndim == 2 else row for row in rows)  # beside words stand their characters
    vectors = ppmi_vectors(words, size, recipe.embedding_dim, recipe.seed)
    model.get_layer("embedding").embeddings.assign(vectors)


def start_ngrams(recipe: Recipe, model: Any, splits: Splits, console: Console) -> None:
    """Give the n-grams of a model their scores, where it has any, and say how many and how long it took."""
    found = [layer for layer in model.layers if layer.name == "ngrams"]
    if found:
        rows: Any = splits.parts["train"].x
        begun = time.monotonic()
        with console.status("a linear model of n-grams is fitted"):
            known = start_scores(found[0], rows, splits.parts["train"].y, recipe.class_weight)
        console.print(f"a linear model of {known:,} n-grams was fitted in {time.monotonic() - begun:.1f} s")


def _shared(recipe: Recipe, trust: bool) -> tuple[dict[int, int] | None, dict[int, int] | None]:
    """Return embedding row here -> row there for the words that the weights' run knows too, and for characters.

    None without words, or without characters.
    """
    if recipe.weights is None or not (places.is_run(recipe.weights) and hasattr(recipe.data, "vocabulary")):
        return None, None
    theirs = runs.load(recipe.weights, trust=trust).data
    if not hasattr(theirs, "vocabulary"):
        return None, None
    written = [data.target_vocabulary.ids for data in (theirs, recipe.data) if hasattr(data, "target_vocabulary")]
    if len(written) == 2 and written[0] != written[1]:
        raise InvalidValue(
            "The weights' run writes other tokens than these data have: its decoder would mean something else. "
            f"Received: weights={recipe.weights}"
        )
    words = _matched(recipe.data.vocabulary, theirs.vocabulary)
    if not ("characters" in recipe.data.inputs and "characters" in theirs.inputs):
        return words, None
    return words, _matched(recipe.data.alphabet, theirs.alphabet)


def _matched(mine: Vocabulary, theirs: Vocabulary) -> dict[int, int]:
    shared = {row: theirs.ids[token] for token, row in mine.ids.items() if token in theirs.ids}
    return {0: 0, 1: 1, **shared}  # padding and unknown mean the same everywhere
