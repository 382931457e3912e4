"""`build`: input, body, head, compile."""

from rnnzoo import hyperparameters as hp
from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean
from rnnzoo.heads import HEADS, logits_of_sequences, vector_of_next
from rnnzoo.registry import OF_TASK, describe
from rnnzoo.weights import take_weights

DEFAULT_VOCABULARY = 20_000
OPTIMIZERS = ("adam", "sgd", "rmsprop")


def build(
    name,
    task="classification",
    *,
    vocabulary_size=None,
    features=None,
    characters=None,
    outputs=None,
    horizon=None,
    sequence_length=None,
    pad_value=None,
    embedding_dim=128,
    word_dropout=0.0,
    weights=None,
    trainable_body=True,
    optimizer="adam",
    learning_rate=1e-3,
    seed=None,
    **hyperparameters,
):
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
        task: `classification`, `regression`, `forecasting`, `tagging`, `language_modeling` or `translation`.
        vocabulary_size: Tokens, padding included. Default, when `features` is not given either: 20,000.
        features: Values per step of a float sequence.
        characters: Tagging: different characters, padding included, where each word's characters are read as well.
        outputs: Classes, tags or target values. Default: 2 classes, 1 value; for forecasting `features`. Language
            modelling always answers with the vocabulary. For translation the target's vocabulary; default: 20,000.
        horizon: Steps to forecast.
        sequence_length: Steps of the input; None leaves time free, so that one model serves every length.
        pad_value: With `features`: trailing steps that equal it in every feature are padding. None: there is none.
        embedding_dim: Width of a token's vector, of the source and of the target.
        word_dropout: Share of tokens that training replaces by the unknown token, id 1.
        weights: A run folder, a `.keras` file or a model to take body and embedding from; its head too where it fits.
        trainable_body: False trains the head alone, where there is one.
        optimizer: `adam`, `sgd`, `rmsprop` or a `keras.optimizers.Optimizer`; gradients are clipped by global norm 1.
        learning_rate: A number or a Keras schedule.
        seed: Seeds Keras, so that the same call gives the same weights.
        **hyperparameters: Those of the body: `rnnzoo.describe(name).hyperparameters`. For forecasting also
            `normalization`: `none`, `subtract_last` or `instance` takes last value or mean and deviation from the past
            of the targets (the first `outputs` features) in each window, and gives them back to its forecast. For
            tagging also `crf`, which judges all tags of a sequence together (see `layers.CRF`: its answer is Viterbi's
            by `argmax` too), and, with `characters`, `character_model` (`lstm` or `cnn`) and `character_units`. For
            language modelling also `tie_weights`: the tokens' own vectors score the next token.

    Returns:
        A compiled `keras.Model` with the nested models `body` and `head`.

    Raises:
        ValueError: An unknown name, task or hyper-parameter; a value out of bounds; arguments that exclude each other;
            weights that do not fit.
        TypeError: A value of the wrong type.

    Example:
        >>> rnnzoo.build("gru", task="forecasting", features=7, horizon=96, units=128)
    """
    info = describe(name)
    hyperparameters = info.check(task, hyperparameters)
    normalization = hyperparameters.pop("normalization", "none")
    of_task = {word: hyperparameters.pop(word) for word in OF_TASK.get(task, {})}
    crf, tied = of_task.get("crf", False), of_task.get("tie_weights", False)
    sizes = _check_sizes(task, vocabulary_size, features, outputs, horizon, pad_value)
    sequence_length = hp.check("sequence_length", sequence_length)
    embedding_dim = hp.check("embedding_dim", embedding_dim)
    word_dropout = hp.check("word_dropout", word_dropout)
    seed = hp.check("seed", seed)
    _check_targets(info, sizes, features, normalization)
    characters = _check_characters(characters, task, features)
    if seed is not None:
        keras.utils.set_random_seed(seed)

    if features is None:
        tokens = inputs = keras.Input((sequence_length,), dtype="int32", name="tokens")
        x = layers.WordDropout(word_dropout, name="word_dropout")(tokens) if word_dropout else tokens
        embedding = layers.Embedding(sizes["vocabulary_size"], embedding_dim, name="embedding")
        x = embedding(x)
        if characters is not None:
            inputs = (inputs, keras.Input((sequence_length, None), dtype="int32", name="characters"))
            kind, width = of_task["character_model"], of_task["character_units"]
            x = layers.Characters(characters, kind, width, name="with_characters")([x, inputs[1]])
        if hyperparameters.get("dropout"):
            x = keras.layers.Dropout(hyperparameters["dropout"], name="dropout")(x)
    else:
        inputs = keras.Input((sequence_length, sizes["features"]), name="sequence")
        x = inputs if pad_value is None else layers.Padding(pad_value, name="padding")(inputs)

    statistics = ()
    if normalization != "none" and features is not None:
        x, *statistics = layers.Normalize(normalization, sizes["outputs"], dtype="float32", name="normalize")(x)
    answers_itself = {word: sizes[word] for word in ("outputs", "horizon") if info.takes(word)}
    if task == "translation":
        target = keras.Input((None,), dtype="int32", name="target")
        inputs, x = (inputs, target), (x, target)
        answers_itself["embedding_dim"] = embedding_dim
    if info.takes("return_sequences"):
        hyperparameters["return_sequences"] = HEADS[task].per_step
    kind = layers.Answer if answers_itself else layers.Part
    x = _part("body", x, lambda *x: info.function(*x, **answers_itself, **hyperparameters), kind)
    if not answers_itself:
        head = logits_of_sequences if crf else vector_of_next if tied else HEADS[task].head
        x = _part("head", x, lambda x: head(x, embedding_dim if tied else sizes["outputs"], sizes["horizon"]))
        if tied:
            x = embedding(x, reverse=True)
    if statistics:
        x = layers.Denormalize(dtype="float32", name="denormalize")(x, *statistics)

    trained_as = layers.TeacherForced if info.teacher_forced else layers.CRFModel if crf else keras.Model
    model = trained_as(inputs, x, name=name)
    if weights is not None:
        take_weights(model, weights)
    if not trainable_body and task == "translation":
        raise InvalidValue("A translation model has no head to train alone. Received: trainable_body=False")
    if not trainable_body:
        for layer in model.layers:
            layer.trainable = layer.name == "head"
    return _compile(model, task, optimizer, learning_rate)


def _part(name, x, function, kind=None):
    """Nest a model of its own: `name`."""
    if isinstance(x, tuple):
        inputs = tuple(keras.Input(one.shape[1:], dtype=one.dtype, name=f"{name}_input_{i}") for i, one in enumerate(x))
        return (kind or layers.Part)(inputs, function(*inputs), name=name)(x)
    inputs = keras.Input(x.shape[1:], dtype=x.dtype, name=f"{name}_input")
    return (kind or layers.Part)(inputs, function(inputs), name=name)(x)


def _compile(model, task, optimizer, learning_rate):
    if isinstance(optimizer, str):
        optimizer = make_optimizer(optimizer, learning_rate)
    elif not isinstance(optimizer, keras.optimizers.Optimizer):
        raise InvalidType(f"optimizer must be a name or a Keras optimizer. Received: optimizer={optimizer!r}")
    head = HEADS[task]
    model.compile(optimizer=optimizer, loss=head.loss(), weighted_metrics=head.metrics())
    model.optimizer.build(model.trainable_variables)  # a file of a never trained model would warn at loading
    return model


def make_optimizer(name, learning_rate, ema_momentum=None):
    """Return the optimizer that `build` compiles with: gradients clipped by global norm 1.

    Args:
        name: `adam`, `sgd` (momentum 0.9) or `rmsprop`.
        learning_rate: A number or a Keras schedule.
        ema_momentum: Of Keras's moving average of the weights, which replaces them at the end of each `fit`; None:
            no average.
    """
    if name not in OPTIMIZERS:
        raise InvalidValue(
            f"Unknown optimizer; valid are {', '.join(OPTIMIZERS)}.{did_you_mean(name, OPTIMIZERS)} "
            f"Received: optimizer={name!r}"
        )
    if not isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        learning_rate = hp.check("learning_rate", learning_rate)
    options = {"global_clipnorm": 1.0}
    if ema_momentum is not None:
        options |= {"use_ema": True, "ema_momentum": ema_momentum}
    if name == "sgd":
        options["momentum"] = 0.9
    kind = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD, "rmsprop": keras.optimizers.RMSprop}
    optimizer = kind[name](learning_rate, **options)
    if keras.config.dtype_policy().name == "mixed_float16":  # `compile` would do it, and forget it in the file
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def _check_targets(info, sizes, features, normalization):
    """Refuse a forecast that needs the targets' own past where it is not among the features."""
    if info.takes("horizon") and features is None:
        raise InvalidValue(f"{info.name} forecasts series of numbers: give features=. Received: features=None")
    needs_past = info.takes("horizon") or (normalization != "none" and features is not None)
    if needs_past and sizes["outputs"] > features:
        raise InvalidValue(
            "The targets must be the first of the features, so that their own past is known (normalization='none' does "
            f"without, unless the model copies it). Received: outputs={sizes['outputs']}, features={features}"
        )


def _check_characters(characters, task, features):
    """Return how many characters there are, None without."""
    if characters is not None and (task != "tagging" or features is not None):
        raise InvalidValue(
            "characters belongs to task='tagging' and words: leave it out, or features. "
            f"Received: characters={characters!r}, task={task!r}, features={features!r}"
        )
    return hp.check("characters", characters)


def _check_sizes(task, vocabulary_size, features, outputs, horizon, pad_value):
    """Return every size, defaults filled in."""
    if vocabulary_size is not None and features is not None:
        raise InvalidValue(
            "Give vocabulary_size for tokens or features for floats, not both. "
            f"Received: vocabulary_size={vocabulary_size!r}, features={features!r}"
        )
    sizes = {
        "vocabulary_size": vocabulary_size, "features": features, "outputs": outputs, "horizon": horizon,
    }  # fmt: skip
    sizes = {word: hp.check(word, value) for word, value in sizes.items()}
    if features is None:
        sizes["vocabulary_size"] = sizes["vocabulary_size"] or DEFAULT_VOCABULARY
        if pad_value is not None:
            raise InvalidValue(f"pad_value belongs to features=; tokens are padded with 0. Received: {pad_value=}")
    elif (
        pad_value is not None
        and not hp.HyperParameter(float, low=-3e38, below=3e38).check("pad_value", pad_value) < 3e38
    ):
        raise InvalidValue(f"pad_value must be finite. Received: {pad_value=}")

    if task == "forecasting":
        if horizon is None:
            raise InvalidValue("forecasting needs horizon=, the steps to forecast. Received: horizon=None")
        sizes["outputs"] = sizes["outputs"] or sizes["features"] or 1
    elif horizon is not None:
        raise InvalidValue(f"horizon belongs to task='forecasting'. Received: horizon={horizon!r}, task={task!r}")
    if task in ("classification", "tagging"):
        sizes["outputs"] = sizes["outputs"] or 2
        if sizes["outputs"] < 2:
            raise InvalidValue(
                f"{task} needs at least 2 classes: two classes are two logits. Received: outputs={outputs!r}"
            )
    if task == "regression":
        sizes["outputs"] = sizes["outputs"] or 1
    if task == "language_modeling":
        if features is not None or outputs is not None:
            raise InvalidValue(
                "language_modeling reads tokens and answers with the vocabulary: give vocabulary_size alone. "
                f"Received: features={features!r}, outputs={outputs!r}"
            )
        sizes["outputs"] = sizes["vocabulary_size"]
    if task == "translation":
        sizes["outputs"] = _target_vocabulary(sizes)
    return sizes


def _target_vocabulary(sizes):
    if sizes["features"] is not None:
        raise InvalidValue(
            "translation reads tokens: give vocabulary_size for the source and outputs for the target. "
            f"Received: features={sizes['features']!r}"
        )
    outputs = sizes["outputs"] or DEFAULT_VOCABULARY
    if outputs < 4:
        raise InvalidValue(
            "translation needs at least 4 outputs: padding, unknown, the end, and a token. "
            f"Received: outputs={outputs!r}"
        )
    return outputs
