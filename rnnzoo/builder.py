"""`build`: input, body, head, compile."""

import contextlib
from collections.abc import Sequence
from typing import Any

from rnnzoo import hyperparameters as hp
from rnnzoo import tasks
from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean
from rnnzoo.registry import describe
from rnnzoo.tasks.levels import check_levels
from rnnzoo.tasks.own_parts import check_embeddings, check_head, check_loss, check_metrics, check_no_tokens
from rnnzoo.tasks.task import Draft
from rnnzoo.weights import take_weights, taken_over

OPTIMIZERS = ("adam", "sgd", "rmsprop")
FINITE = hp.HyperParameter(float, low=-3e38, below=3e38)


@contextlib.contextmanager
def _within_memory():
    """Say in one sentence that the weights do not fit."""
    try:
        yield
    except Exception as error:  # each backend has a type of its own for it
        words = (type(error).__name__ + str(error)).lower()
        if any(word in words for word in ("memoryerror", "resource_exhausted", "resourceexhausted", "enough memory")):
            said = "The model does not fit into memory. Received: sizes that need more than there is"
            raise InvalidValue(said) from error
        raise


@_within_memory()
def build(
    name: str,
    task: str = "classification",
    *,
    vocabulary_size: int | None = None,
    features: int | None = None,
    characters: int | None = None,
    outputs: int | None = None,
    horizon: int | None = None,
    quantiles: Sequence[float] | None = None,
    sequence_length: int | None = None,
    pad_value: float | None = None,
    embedding_dim: int | None = None,
    embeddings: Any = None,
    trainable_embeddings: bool = True,
    word_dropout: float = 0.0,
    weights: Any = None,
    trainable_body: bool = True,
    head: Any = "task",
    loss: Any = None,
    metrics: Sequence[Any] | None = None,
    optimizer: Any = "adam",
    learning_rate: Any = 1e-3,
    clip: float | None = 1.0,
    seed: int | None = None,
    **hyperparameters: Any,
) -> Any:
    """Build a compiled Keras model by name: an input, the named body, the task's head.

    Input: token ids `(batch, time)`, int32, 0 is padding, on the right; or, with `features`, floats
    `(batch, time, features)`. For tagging with `characters` two: token ids, and ids `(batch, time, length)` of each
    word's characters, int32, 0 pads a word on the right. Appending padding changes no answer.

    Output: `classification` logits `(batch, outputs)`; `regression` `(batch, outputs)`; `forecasting`
    `(batch, horizon, outputs)`; `tagging` and `language_modeling` logits `(batch, time, outputs)`; `translation` reads
    `(source, target)`, the target being token ids `(batch, target_time)` too, each before the one that is asked for
    (the first is the end token, 2), and gives logits `(batch, target_time, outputs)`; `rnnzoo.decode` writes without a
    target.

    Args:
        name: A name of `rnnzoo.list_models()`.
        task: `classification`, `regression`, `forecasting`, `tagging`, `language_modeling`, `translation` or
            `multilabel`.
        vocabulary_size: Tokens, padding included. Default, when `features` is not given either: 20,000.
        features: Values per step of a float sequence.
        characters: Tagging: different characters, padding included, where each word's characters are read as well.
        outputs: Classes, tags or target values. Default: 2 classes, 1 value; for forecasting `features`. Language
            modelling always answers with the vocabulary. For translation the target's vocabulary; default: 20,000.
        horizon: Steps to forecast.
        quantiles: Levels to forecast, ascending, the median 0.5 among them: `(0.1, 0.5, 0.9)`. The answer is
            `(batch, levels, horizon, outputs)`, each level above the one before. None: the forecast alone.
        sequence_length: Steps of the input; None leaves time free, so that one model serves every length.
        pad_value: With `features`: trailing steps that equal it in every feature are padding. None: there is none.
        embedding_dim: Width of a token's vector, of the source and of the target. Default: 128.
        embeddings: The tokens' first vectors, `(vocabulary_size, embedding_dim)`, which then need not be given.
        trainable_embeddings: False leaves the tokens' vectors as they are.
        word_dropout: Share of tokens that training replaces by the unknown token, id 1.
        weights: A run (whatever `rnnzoo.load` opens, such as the preset `imdb`), a `.keras` file or a model to take
            body and embedding from; its head too where it fits. Sizes and hyper-parameters left open are the run's.
        trainable_body: False trains the head alone, where there is one.
        head: What stands on the body: `task`, the task's own; a Keras layer, or a function of a tensor made of Keras
            layers; or None: the model gives the body's own output, and is compiled only with a `loss`.
        loss: Of Keras, instead of the task's.
        metrics: Of Keras, instead of the task's: a list.
        optimizer: `adam`, `sgd`, `rmsprop` or a `keras.optimizers.Optimizer`, which is taken as it is.
        learning_rate: A number or a Keras schedule.
        clip: Gradients are clipped by this global norm; None: not at all.
        seed: Seeds Keras, so that the same call gives the same weights.
        **hyperparameters: Those of the body: `rnnzoo.describe(name).hyperparameters`. For forecasting also
            `normalization`: `none`, `subtract_last` or `instance` takes last value or mean and deviation from the past
            of the targets (the first `outputs` features) in each window, and gives them back to its forecast. For
            tagging also `crf`, which judges all tags of a sequence together (see `layers.CRF`: its answer is Viterbi's
            by `argmax` too), and, with `characters`, `character_model` (`lstm` or `cnn`) and `character_units`. For
            language modelling also `tie_weights`: the tokens' own vectors score the next token; with them `samples`, of
            other tokens that each batch is trained beside (see `layers.SampledSoftmax`).

    Returns:
        A compiled `keras.Model` with the nested models `body` and `head`.

    Raises:
        ValueError: An unknown name, task or hyper-parameter; a value out of bounds; arguments that exclude each other;
            weights that do not fit.
        TypeError: A value of the wrong type.

    Example:
        >>> rnnzoo.build("gru", task="forecasting", features=7, horizon=96, units=128)
    """
    info, chosen = describe(name), tasks.find(task)
    sizes: dict[str, Any] = {
        "vocabulary_size": vocabulary_size,
        "features": features,
        "characters": characters,
        "outputs": outputs,
        "horizon": horizon,
        "quantiles": quantiles,
        "sequence_length": sequence_length,
        "embedding_dim": embedding_dim,
        "pad_value": pad_value,
    }
    if embeddings is not None:
        embeddings = check_embeddings(embeddings, sizes)
        sizes |= dict(zip(("vocabulary_size", "embedding_dim"), embeddings.shape, strict=True))
    if weights is not None:
        sizes, hyperparameters = taken_over(weights, info, chosen, sizes, hyperparameters)
    hyperparameters, pad_value = info.check(task, hyperparameters), sizes.pop("pad_value")
    draft = Draft(
        body=info,
        sizes=_check_sizes(chosen, pad_value, **sizes),
        options={word: hyperparameters.pop(word) for word in chosen.dials(info)},
    )
    chosen.check_sizes(draft)
    hp.check_together({**hyperparameters, **draft.sizes})
    word_dropout, seed = hp.TABLE["word_dropout"].check("word_dropout", word_dropout), hp.check("seed", seed)
    trainable_body = hp.TABLE["trainable_body"].check("trainable_body", trainable_body)
    hp.TABLE["trainable_body"].check("trainable_embeddings", trainable_embeddings)
    if draft.sizes["features"] is not None:
        check_no_tokens(embedding_dim, trainable_embeddings, word_dropout)
    check_loss(loss)
    check_metrics(metrics)
    if not (trainable_body or chosen.head):
        raise InvalidValue(f"A model of {task} has no head to train alone. Received: trainable_body=False")
    if seed is not None:
        keras.utils.set_random_seed(seed)

    if draft.sizes["features"] is None:
        x = _read_tokens(chosen, draft, word_dropout, hyperparameters.get("dropout"))
    else:
        x = _read(chosen, draft, pad_value)
    answers_itself = {word: draft.sizes[word] for word in ("outputs", "horizon", "embedding_dim") if info.takes(word)}
    check_head(head, bool(answers_itself), info)
    if info.takes("return_sequences"):
        hyperparameters["return_sequences"] = chosen.per_step
    kind = layers.Answer if answers_itself else layers.Part
    x = _part("body", x, lambda *x: info.function(*x, **answers_itself, **hyperparameters), kind)
    if not answers_itself and head is not None:
        x = _part("head", x, (lambda x: chosen.answer(x, draft)) if isinstance(head, str) else head)
    if head is not None:
        x = chosen.write(x, draft)

    inputs = draft.inputs[0] if len(draft.inputs) == 1 else tuple(draft.inputs)
    model = chosen.model_class(draft)(inputs, x, name=name)
    if embeddings is not None:
        draft.embedding.set_weights([embeddings])
    if weights is not None:
        take_weights(model, weights)
    if draft.embedding is not None:
        draft.embedding.trainable = trainable_embeddings
    if not trainable_body:
        for layer in model.layers:
            layer.trainable = layer.name == "head"
    if head is None and loss is None:
        return model
    metrics = next(found for found in (metrics, draft.metrics, chosen.metrics()) if found is not None)
    loss = next((found for found in (loss, draft.loss, chosen.loss()) if found is not None), None)
    return _compile(model, loss, metrics, optimizer, learning_rate, clip)


def _read_tokens(task, draft, word_dropout, dropout):
    """Return the tokens' vectors, `(batch, time, embedding_dim)`, and what the task adds."""
    tokens = keras.Input((draft.sizes["sequence_length"],), dtype="int32", name="tokens")
    draft.inputs.append(tokens)
    x = layers.WordDropout(word_dropout, name="word_dropout")(tokens) if word_dropout else tokens
    draft.embedding = layers.Embedding(draft.sizes["vocabulary_size"], draft.sizes["embedding_dim"], name="embedding")
    x = task.read(draft.embedding(x), draft)
    if not dropout:
        return x
    x, *others = x if isinstance(x, tuple) else (x,)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return (x, *others) if others else x


def _read(task, draft, pad_value):
    """Return the numbers `(batch, time, features)`, padding masked, and what the task makes of them."""
    x = keras.Input((draft.sizes["sequence_length"], draft.sizes["features"]), name="sequence")
    draft.inputs.append(x)
    return task.read(x if pad_value is None else layers.Padding(pad_value, name="padding")(x), draft)


def _part(name, x, function, kind=None):
    """Nest a model of its own: `name`."""
    if isinstance(x, tuple):
        inputs = tuple(keras.Input(one.shape[1:], dtype=one.dtype, name=f"{name}_input_{i}") for i, one in enumerate(x))
        return (kind or layers.Part)(inputs, function(*inputs), name=name)(x)
    inputs = keras.Input(x.shape[1:], dtype=x.dtype, name=f"{name}_input")
    found = function(inputs)
    if name == "head" and not isinstance(found, keras.KerasTensor):
        raise InvalidType(f"head must give a tensor. Received: {found!r}")
    return (kind or layers.Part)(inputs, found, name=name)(x)


def _compile(model, loss, metrics, optimizer, learning_rate, clip):
    if isinstance(optimizer, str):
        optimizer = make_optimizer(optimizer, learning_rate, clip=clip)
    elif not isinstance(optimizer, keras.optimizers.Optimizer):
        raise InvalidType(f"optimizer must be a name or a Keras optimizer. Received: optimizer={optimizer!r}")
    model.compile(optimizer=optimizer, loss=loss, weighted_metrics=metrics)
    model.optimizer.build(model.trainable_variables)  # a file of a never trained model would warn at loading
    return model


def make_optimizer(name: str, learning_rate: Any, ema_momentum: float | None = None, clip: float | None = 1.0) -> Any:
    """Return the optimizer that `build` compiles with.

    Args:
        name: `adam`, `sgd` (momentum 0.9) or `rmsprop`.
        learning_rate: A number or a Keras schedule.
        ema_momentum: Of Keras's moving average of the weights, which replaces them at the end of each `fit`; None:
            no average.
        clip: Gradients are clipped by this global norm; None: not at all.
    """
    if name not in OPTIMIZERS:
        valid = f"valid are {', '.join(OPTIMIZERS)}.{did_you_mean(name, OPTIMIZERS)}"
        raise InvalidValue(f"Unknown optimizer; {valid} Received: optimizer={name!r}")
    if not isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        learning_rate = hp.TABLE["learning_rate"].check("learning_rate", learning_rate)
    options = {"global_clipnorm": hp.check("clip", clip)}
    if ema_momentum is not None:
        options |= {"use_ema": True, "ema_momentum": ema_momentum}
    if name == "sgd":
        options["momentum"] = 0.9
    kind = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD, "rmsprop": keras.optimizers.RMSprop}
    optimizer = kind[name](learning_rate, **options)
    if keras.config.dtype_policy().name == "mixed_float16":  # `compile` would do it, and forget it in the file
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def _check_sizes(task, pad_value, **sizes):
    """Return every size, checked; what is said of the input is filled in, what is said of the answer is the task's."""
    levels = check_levels(sizes.pop("quantiles"))
    sizes = {word: hp.check(word, value) for word, value in sizes.items()} | {"quantiles": levels}
    sizes["embedding_dim"] = sizes["embedding_dim"] or hp.DEFAULT_EMBEDDING
    for word in ("horizon", "quantiles", "characters"):
        if sizes[word] is not None and word not in task.sizes:
            owners = " or ".join(f"task={name!r}" for name in tasks.with_size(word))
            raise InvalidValue(f"{word} belongs to {owners}. Received: {word}={sizes[word]!r}, task={task.name!r}")
    if sizes["vocabulary_size"] is not None and sizes["features"] is not None:
        raise InvalidValue(
            "Give vocabulary_size for tokens or features for floats, not both. "
            f"Received: vocabulary_size={sizes['vocabulary_size']!r}, features={sizes['features']!r}"
        )
    if sizes["features"] is None:
        sizes["vocabulary_size"] = sizes["vocabulary_size"] or hp.DEFAULT_VOCABULARY
        if pad_value is not None:
            raise InvalidValue(f"pad_value belongs to features=; tokens are padded with 0. Received: {pad_value=}")
    elif pad_value is not None:
        FINITE.check("pad_value", pad_value)
    return sizes
