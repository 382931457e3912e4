"""Language modelling: every step is answered with the next token."""

import contextlib

from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidValue
from rnnzoo.tasks import register
from rnnzoo.tasks.classification import logits
from rnnzoo.tasks.task import Judgement, Task


class LanguageModeling(Task):
    """Logits `(batch, time, vocabulary)`; with tied weights the tokens' own vectors score the next token."""

    name = "language_modeling"
    per_step = True
    causal = True
    own = {"tie_weights": False, "samples": 0}  # noqa: RUF012
    watched = ("loss", "perplexity", "accuracy")
    main_metric = "loss"
    higher_is_better = frozenset({"accuracy"})
    commands = {"generate": "rnnzoo.cli.commands.generate:Generate"}  # noqa: RUF012

    def check_sizes(self, draft):
        features, outputs = draft.sizes["features"], draft.sizes["outputs"]
        if features is not None or outputs is not None:
            raise InvalidValue(
                "language_modeling reads tokens and answers with the vocabulary: give vocabulary_size alone. "
                f"Received: features={features!r}, outputs={outputs!r}"
            )
        if draft.options["samples"] and not draft.options["tie_weights"]:
            raise InvalidValue(
                "samples are compared by the vectors of the tokens that are read: set tie_weights too. "
                f"Received: samples={draft.options['samples']}, tie_weights=False"
            )
        draft.sizes["outputs"] = draft.sizes["vocabulary_size"]

    def answer(self, x, draft):
        """Logits, or a vector to compare with those of the tokens."""
        if draft.options["tie_weights"]:
            return keras.layers.Dense(draft.sizes["embedding_dim"], name="vector_of_next")(x)
        return logits(x, draft.sizes["outputs"])

    def write(self, x, draft):
        if draft.options["samples"]:
            x = layers.SampledSoftmax(draft.options["samples"], name="sampled_softmax")(x)
        return draft.embedding(x, reverse=True) if draft.options["tie_weights"] else x

    def model_class(self, draft):
        return layers.SampledModel if draft.options["samples"] else layers.Model

    def loss(self):
        return layers.StepsCrossEntropy(from_logits=True)

    def metrics(self):
        return [layers.Perplexity(), "accuracy"]

    def evaluate(self, model, dataset, data=None):
        """Loss (nats per token), perplexity, accuracy."""
        from rnnzoo.tasks.judging.measures import of_next_tokens, outputs

        return of_next_tokens(outputs(model, dataset))

    def judge(self, model, batches, data, *, final=True, **options):
        """With the same measures `_carried`, in one pass that carries the state from window to window."""
        from rnnzoo.tasks.judging.measures import carried

        judgement = Judgement(self.evaluate(model, batches.arrays()))
        with contextlib.suppress(InvalidValue):  # a convolution's state cannot be carried
            judgement.scores |= {f"{name}_carried": value for name, value in carried(model, batches).items()}
        return judgement


register(LanguageModeling())
