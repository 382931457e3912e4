"""Translation: one text is read, another is written."""

from rnnzoo._lazy import keras
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import DEFAULT_VOCABULARY, HyperParameter
from rnnzoo.tasks import register
from rnnzoo.tasks.classification import Classification
from rnnzoo.tasks.task import Judgement, Task


class Translation(Task):
    """Reads `(source, target)`, each token of the target before the one that is asked for: logits of the next ones."""

    name = "translation"
    sequences = 2
    per_step = True
    head = False
    watched = ("loss", "accuracy")
    main_metric = "loss"
    higher_is_better = frozenset({"accuracy", "exact_match", "bleu", "chrf"})
    answer_options = {  # noqa: RUF012
        "beam": HyperParameter(
            int, low=1, default=1, help="how many answers are followed side by side; 1 takes the likeliest token"
        )
    }
    searches_sequence_length = False
    libraries = ("sacrebleu", "rapidfuzz")
    extra = "translation"

    loss, metrics = Classification.loss, Classification.metrics

    def check_sizes(self, draft):
        sizes = draft.sizes
        if sizes["features"] is not None:
            raise InvalidValue(
                "translation reads tokens: give vocabulary_size for the source and outputs for the target. "
                f"Received: features={sizes['features']!r}"
            )
        sizes["outputs"] = sizes["outputs"] or DEFAULT_VOCABULARY
        if sizes["outputs"] < 4:
            raise InvalidValue(
                "translation needs at least 4 outputs: padding, unknown, the end, and a token. "
                f"Received: outputs={sizes['outputs']!r}"
            )

    def read(self, x, draft):
        target = keras.Input((None,), dtype="int32", name="target")
        draft.inputs.append(target)
        return x, target

    def evaluate(self, model, dataset, data=None):
        """Loss and accuracy of each next token, the true ones before it being known."""
        from rnnzoo.tasks.judging.measures import of_next_tokens, outputs

        found = of_next_tokens(outputs(model, dataset))
        return {name: found[name] for name in self.watched}

    def judge(self, model, batches, data, *, final=True, **options):
        """With exact_match, bleu, chrf and cer of whole answers, written without the truth at hand."""
        from rnnzoo.tasks.judging import translations

        forced = self.evaluate(model, batches.arrays())
        measures, found = translations.judge(model, batches, data, **options)
        return Judgement(forced | measures, answers=found)

    def pictures(self, judgement, model, batches, data, split):
        """Exact match by length, examples, and of a model with attention where it looked."""
        from rnnzoo.pictures.translations import pictures
        from rnnzoo.tasks.judging.translations import truth

        return pictures(batches.lengths[:, 1] - 1, judgement.answers, truth(batches, data), split)

    def answers(self, run, raw, **options):
        """`[{"text": ..., "score": ...}]`, with a `note` where an answer rests on little."""
        from rnnzoo.tasks.judging import translations

        return translations.answers(run.model, run.data, raw, **options)

    def in_words(self, answer, raw):
        return answer["text"] + (f"  ({answer['note']})" if "note" in answer else "")

    def explain(self, run, raw, **options):
        """Where the model looked for each token that it wrote: `rnnzoo.tasks.judging.translations.Translation`."""
        from rnnzoo.tasks.judging import translations

        return translations.explain(run.model, run.data, raw, **options)

    def explained(self, found):
        from rnnzoo.pictures import alignment

        return [alignment.in_terminal(one) for one in found], alignment.picture(found)


register(Translation())
