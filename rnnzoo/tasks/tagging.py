"""Tagging: every step of a sequence has a tag."""

from typing import ClassVar

from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidValue
from rnnzoo.tasks import register
from rnnzoo.tasks.classification import Classification
from rnnzoo.tasks.task import Judgement


class Tagging(Classification):
    """Logits `(batch, time, outputs)`; by a CRF the tags of a sequence are judged together."""

    name = "tagging"
    per_step = True
    sizes = ("characters",)
    own: ClassVar = {**Classification.own, "crf": False, "character_model": "lstm", "character_units": 64}
    weighs_classes = False
    searches_sequence_length = False

    def check_sizes(self, draft):
        super().check_sizes(draft)
        characters, features = draft.sizes["characters"], draft.sizes["features"]
        if characters is not None and features is not None:
            raise InvalidValue(
                "characters belongs to words, not to numbers: leave it out, or features. "
                f"Received: characters={characters!r}, features={features!r}"
            )

    def read(self, x, draft):
        """Each word's vector, and that of its characters."""
        if draft.sizes["characters"] is None:
            return x
        characters = keras.Input((draft.sizes["sequence_length"], None), dtype="int32", name="characters")
        draft.inputs.append(characters)
        kind, width = draft.options["character_model"], draft.options["character_units"]
        return layers.Characters(draft.sizes["characters"], kind, width, name="with_characters")([x, characters])

    def answer(self, x, draft):
        x = super().answer(x, draft)
        return layers.CRF(dtype="float32", name="crf")(x) if draft.options["crf"] else x

    def model_class(self, draft):
        return layers.CRFModel if draft.options["crf"] else layers.Model

    def loss(self):
        return layers.StepsCrossEntropy(from_logits=True)

    def judge(self, model, batches, data, *, final=True, **options):
        """With precision, recall, f1 and count of each tag."""
        from rnnzoo.pictures.classification import table_by_class
        from rnnzoo.tasks.judging.measures import by_class

        judgement = super().judge(model, batches, data, final=final)
        judgement.details["tags"] = by_class(judgement.answers, data.classes)
        judgement.table = table_by_class(judgement.details["tags"])
        return judgement

    def pictures(self, judgement: Judgement, model, batches, data, split):
        """Confusion, and F1 by tag."""
        from rnnzoo.pictures import classification

        p, names = judgement.answers, list(data.classes)
        if len(names) > classification.MOST_CLASSES:
            return {}
        return {
            "confusion.png": lambda: classification.confusion(p, names, split),
            "tags.png": lambda: classification.f1_by_class(judgement.details["tags"], split),
        }

    def in_words(self, answer, raw):
        """As treebanks are quoted: the/DET old/ADJ."""
        return " ".join(f"{word}/{tag}" for word, tag in zip(answer["words"], answer["tags"], strict=True))


register(Tagging())
