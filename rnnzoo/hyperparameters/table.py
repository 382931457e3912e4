"""What each word means: type, bounds, search range and scale."""

from typing import Any

from rnnzoo.hyperparameters.dial import HyperParameter

_SIZE: dict[str, Any] = {"kind": int, "low": 1, "below": 10_000, "scale": "log"}
_MANY: dict[str, Any] = {**_SIZE, "below": 10_000_000}
_COUNT: dict[str, Any] = {"kind": int, "low": 1, "below": 2**31}
_RATE: dict[str, Any] = {"kind": float, "low": 0.0, "below": 1.0, "search": (0.0, 0.6)}

TABLE: dict[str, HyperParameter] = {
    # of bodies; those of shared options are listed in this order, which names run folders and seeds searches
    "filters": HyperParameter(**_SIZE, search=(16, 256), help="channels of the convolution"),
    "kernel_size": HyperParameter(**_SIZE | {"scale": "linear"}, search=(2, 9), help="steps that a convolution sees"),
    "units": HyperParameter(**_SIZE, search=(16, 256), help="width of the state, in each direction"),
    "num_layers": HyperParameter(
        kind=int, low=1, below=100, search=(1, 4), help="recurrent (or dense) layers on top of each other"
    ),
    "dropout": HyperParameter(**_RATE, help="share of values dropped on token embeddings and after every layer"),
    "recurrent_dropout": HyperParameter(
        **_RATE, help="share of each recurrent layer's inputs dropped by one mask for all steps (variational dropout)"
    ),
    "weight_dropout": HyperParameter(
        **_RATE, help="share of the weights between states dropped by one mask for a whole batch (DropConnect)"
    ),
    "activation_penalty": HyperParameter(
        kind=float, low=0.0, search=(0.0, 4.0), help="penalty on the mean square of the last layer's outputs (AR)"
    ),
    "change_penalty": HyperParameter(
        kind=float, low=0.0, search=(0.0, 4.0), help="penalty on the mean square of a state's change in a step (TAR)"
    ),
    "l2": HyperParameter(
        kind=float, low=0.0, search=(1e-7, 1e-3), scale="log", help="L2 penalty on input, recurrent and dense kernels"
    ),
    "pooling": HyperParameter(
        kind=str,
        summary_only=True,
        help="the summary of the states: the last, their mean, maximum, mean and maximum, or all three (concat)",
    ),
    "activation": HyperParameter(kind=str, help="the nonlinearity of the recurrence"),
    "bidirectional": HyperParameter(kind=bool, help="the sequence, or the source, is read from both ends"),
    "alignment": HyperParameter(kind=str, help="how query and state are compared"),
    "input_feeding": HyperParameter(kind=bool, help="the attentional state is fed to the next step beside the token"),
    "scheduled_sampling": HyperParameter(
        **_RATE | {"search": (0.0, 0.9)},
        help="share of the decoder's steps that read its own answer in training, not the truth",
    ),
    "sentence_length": HyperParameter(**_MANY, search=(10, 50), help="tokens that make a sentence"),
    "lags": HyperParameter(**_MANY, search=(24, 720), help="steps before the forecast that are read, at most"),
    "period": HyperParameter(**_MANY, search=(2, 168), help="steps after which the series repeats itself"),
    "segment_length": HyperParameter(**_MANY, search=(4, 48), help="steps of the series that make one step of the GRU"),
    "rounds": HyperParameter(
        **_SIZE | {"low": 0, "scale": "linear"}, search=(1, 6), help="times that input and state gate each other"
    ),
    "memory_size": HyperParameter(**_SIZE, search=(4, 64), help="numbers that each unit, or the memory, is made of"),
    "window": HyperParameter(**_MANY, search=(10, 1000), help="steps that the memory spans"),
    "backbone_units": HyperParameter(**_SIZE, search=(16, 256), help="width of the layer that all gates share"),
    "time_feature": HyperParameter(kind=bool, help="the last feature is the time since the step before"),
    "spectral_radius": HyperParameter(
        kind=float, low=0.0, search=(0.3, 1.5), help="largest eigenvalue of the matrix between random states"
    ),
    "input_scale": HyperParameter(
        kind=float, low=0.0, search=(0.05, 2.0), scale="log", help="largest weight of an input into random states"
    ),
    "leaking_rate": HyperParameter(
        kind=float, low=0.001, search=(0.1, 1.0), help="share of the state that is new at each step, at most 1"
    ),
    "num_heads": HyperParameter(
        **_SIZE | {"below": 100}, search=(1, 8), help="blocks of the state that do not see each other"
    ),
    "slstm_every": HyperParameter(
        **_SIZE | {"scale": "linear"}, search=(1, 4), help="every so many blocks one tracks states (sLSTM)"
    ),
    # of forecasting, whatever the body
    "normalization": HyperParameter(
        kind=str,
        choices=("none", "subtract_last", "instance"),
        help="what is taken from the targets' past in each window and given back to its forecast: nothing, the last "
        "value, or mean and deviation",
    ),
    # of classes, labels and tags of texts, whatever the body
    "ngrams": HyperParameter(
        kind=int,
        low=0,
        below=8,
        help="texts' classes and labels: answer together with a linear model of runs of up to so many tokens; tagging: "
        "of those within as many steps of a word, and of its first and last letters; 0: alone",
    ),
    "ngram_share": HyperParameter(
        kind=float,
        low=0.0,
        below=1.0,
        help="how much of the answer is the linear model's, where no validation part tells",
    ),
    # of tagging, whatever the body
    "crf": HyperParameter(
        kind=bool, help="tagging: judge the tags of a sequence together, by a conditional random field, not one by one"
    ),
    "character_model": HyperParameter(
        kind=str, choices=("lstm", "cnn"), help="tagging: what reads each word's characters, where they are given"
    ),
    "character_units": HyperParameter(
        **_SIZE,
        search=(16, 128),
        help="tagging: width of a word's vector from its characters, of an LSTM in each direction",
    ),
    # of language modelling, whatever the body
    "tie_weights": HyperParameter(
        kind=bool, help="language modelling: the vectors of the tokens that are read also score those that follow"
    ),
    "samples": HyperParameter(
        kind=int,
        low=0,
        below=1_000_000,
        help="language modelling with tied weights: each batch is trained beside so many tokens, drawn anew, not "
        "beside the whole vocabulary (sampled softmax); 0: beside all",
    ),
    # of `build` and of training
    "vocabulary_size": HyperParameter(**_MANY, help="tokens, padding (0) included"),
    "characters": HyperParameter(**_MANY, help="different characters, padding (0) included"),
    "features": HyperParameter(**_MANY, help="values per step"),
    "outputs": HyperParameter(**_MANY, help="classes, or target values"),
    "horizon": HyperParameter(**_MANY, help="steps to forecast"),
    "embedding_dim": HyperParameter(**_SIZE, search=(16, 256), help="width of a token's vector"),
    "word_dropout": HyperParameter(**_RATE, help="share of tokens replaced by the unknown one in training"),
    "average": HyperParameter(kind=float, low=0.0, help="epochs that the moving average of the weights looks back"),
    "sequence_length": HyperParameter(**_MANY, search=(16, 512), help="longest sequence, in steps"),
    "batch_size": HyperParameter(**_MANY, search=(16, 256), help="sequences per step of training"),
    "epochs": HyperParameter(**_COUNT, help="passes over the training data"),
    "patience": HyperParameter(**_COUNT, help="epochs without improvement before training stops"),
    "learning_rate": HyperParameter(
        kind=float, low=1e-12, search=(1e-4, 1e-2), scale="log", help="step size of the optimizer"
    ),
    "rate_ratio": HyperParameter(
        kind=float, low=1.0, below=1e6, help="rate of a part of the model by that of the part below"
    ),
    "unfreeze": HyperParameter(kind=float, low=0.0, help="epochs after which the next part below begins to learn"),
    "clip": HyperParameter(kind=float, low=1e-12, help="largest global norm of the gradients"),
    "trainable_embeddings": HyperParameter(kind=bool, help="train the vectors of tokens"),
    "trainable_body": HyperParameter(kind=bool, help="train more than the head"),
    "stateful": HyperParameter(kind=bool, help="the state of one call is carried into the next"),
    "unroll": HyperParameter(kind=bool, help="the steps are written out one by one"),
    "seed": HyperParameter(kind=int, low=0, below=2**32, help="seed of weights, dropout and order"),
    "stride": HyperParameter(**_COUNT, help="steps between two windows of train"),
    "limit": HyperParameter(**_COUNT, help="use at most so many examples of each split"),
    "print_every": HyperParameter(**_COUNT, help="print every so many epochs"),
}

LARGEST = 2**30
"""No weight has so many values: 4 GiB."""
