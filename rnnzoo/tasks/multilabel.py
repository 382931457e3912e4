"""Multi-label classification: a sequence has any number of labels, each there or not."""

from rnnzoo._lazy import keras
from rnnzoo.tasks import register
from rnnzoo.tasks.classification import Classification
from rnnzoo.tasks.task import Judgement


class Multilabel(Classification):
    """Logits `(batch, outputs)`, one a label; the truth is 1 for each label that is there, else 0."""

    name = "multilabel"
    mean_of = "labels"
    watched = ("loss", "f1_micro")
    main_metric = "f1_micro"
    higher_is_better = frozenset({"f1_micro", "f1_macro", "average_precision", "exact_match"})
    weighs_classes = False

    def loss(self):
        return keras.losses.BinaryCrossentropy(from_logits=True)

    def metrics(self):
        return [keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")]

    def measure(self, predictions):
        """Loss (nats a label), f1_micro, f1_macro, average_precision, exact_match: a label is there from 0.5 on."""
        from rnnzoo.tasks.judging.measures import of_labels

        return of_labels(predictions)

    def judge(self, model, batches, data, *, final=True, **options):
        """With precision, recall, f1 and count of each label."""
        from rnnzoo.pictures.classification import table_by_class
        from rnnzoo.tasks.judging.measures import by_label

        judgement = super().judge(model, batches, data, final=final)
        judgement.details["labels"] = by_label(judgement.answers, data.classes)
        judgement.table = table_by_class(judgement.details["labels"])
        return judgement

    def pictures(self, judgement: Judgement, model, batches, data, split):
        """F1 by label."""
        from rnnzoo.pictures import classification

        if len(data.classes) > classification.MOST_CLASSES:
            return {}
        return {"labels.png": lambda: classification.f1_by_class(judgement.details["labels"], split)}

    def in_words(self, answer, raw):
        shown = ", ".join(f"{label} {answer['probabilities'][label]:.4f}" for label in answer["labels"])
        return f"{shown or 'no label'}  {raw if len(str(raw)) <= 60 else str(raw)[:57] + '...'}"

    def titles(self, answers):
        """Return what stands above each explained text."""
        return [", ".join(answer["labels"]) or "no label" for answer in answers]


register(Multilabel())
