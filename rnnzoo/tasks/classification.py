"""Classification: a sequence belongs to one of several classes."""

from typing import ClassVar

from rnnzoo._lazy import keras, layers, np
from rnnzoo.errors import InvalidValue
from rnnzoo.tasks import register
from rnnzoo.tasks.task import Judgement, Task


def logits(x, outputs):
    """One score a class: of the sequence, or of every step. Float32 also under mixed precision."""
    return keras.layers.Dense(outputs, dtype="float32", name="logits")(x)


class Classification(Task):
    """Logits `(batch, outputs)` and their cross-entropy."""

    name = "classification"
    mean_of = "classes"
    watched = ("loss", "accuracy")
    main_metric = "accuracy"
    higher_is_better = frozenset({"accuracy", "precision", "recall", "f1", "roc_auc"})
    weighs_classes = True
    own: ClassVar = {"ngrams": 0, "ngram_share": 0.5}

    def check_sizes(self, draft):
        given = draft.sizes["outputs"]
        draft.sizes["outputs"] = given or 2
        if draft.sizes["outputs"] < 2:
            raise InvalidValue(
                f"{self.name} needs at least 2 classes: two classes are two logits. Received: outputs={given}"
            )
        if draft.options.get("ngrams") and draft.sizes["features"] is not None:
            sizes = f"ngrams={draft.options['ngrams']}, features={draft.sizes['features']}"
            raise InvalidValue(f"ngrams are made of tokens, not of numbers: leave them out. Received: {sizes}")

    def answer(self, x, draft):
        return logits(x, draft.sizes["outputs"])

    def write(self, x, draft):
        """With a linear model of n-grams beside the network, where there is to be one."""
        longest = draft.options.get("ngrams")  # a subclass may have dials of its own alone
        if not longest:
            return x
        kind, share = layers.StepNGrams if self.per_step else layers.NGrams, draft.options["ngram_share"]
        return kind(longest, share=share, dtype="float32", name="ngrams")(x, *draft.inputs)

    def settle(self, model, splits, data, class_weight=None):
        """Find on the validation part what the network's answer counts beside that of the n-grams, where it has any."""
        found = [layer for layer in model.layers if layer.name == "ngrams"]
        if found and "validation" in splits.parts:
            from rnnzoo.tasks.judging.ngram_shares import settle_shares

            settle_shares(model, found[0], splits.parts["validation"], class_weight)

    def loss(self):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def metrics(self):
        return ["accuracy"]

    def measure(self, predictions):
        """Loss (nats), accuracy, precision, recall, f1, and roc_auc: of the second class, or the mean over classes."""
        from rnnzoo.tasks.judging.measures import of_classes

        return of_classes(predictions)

    def judge(self, model, batches, data, *, final=True, **options):
        """With a remark where the model tells the classes apart no better than a guess."""
        from rnnzoo.tasks.judging.measures import remark_on_classes

        judgement = super().judge(model, batches, data, final=final)
        judgement.remark = remark_on_classes(model.name, judgement.answers)
        return judgement

    def pictures(self, judgement: Judgement, model, batches, data, split):
        """Confusion, ROC, precision, calibration; surest wrong answers of features, or of texts with attention."""
        from rnnzoo.pictures import attention, classification

        p, names = judgement.answers, list(data.classes)
        found = {}
        if len(names) <= classification.MOST_CLASSES:
            found["confusion.png"] = lambda: classification.confusion(p, names, split)
            found["roc.png"] = lambda: classification.roc(p, names, split)
        if hasattr(data, "vocabulary") and attention.looks(model):
            found["examples.png"] = lambda: attention.surest(model, batches, data, p)
        elif getattr(batches, "x", None) is not None and np.ndim(batches.x[0]) == 2 and (p.labels != p.y).any():
            order = [i for indices, real, _ in batches.plan() for i in indices[:real]]
            found["wrong.png"] = lambda: classification.wrong(p, [batches.x[i] for i in order], names, split)
        return found


register(Classification())
