"""A small run of pairs, from training to its commands; and its measures beside independent ones."""

import collections
import dataclasses
import json
import math
import os
import warnings

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from scipy.special import log_softmax

import rnnzoo
from rnnzoo import Recipe, cli, layers
from rnnzoo.data import TextPairs
from rnnzoo.pictures import alignment
from rnnzoo.pictures import translations as pictures
from rnnzoo.tasks.judging import translations
from rnnzoo.tasks.judging.translations import Translation
from rnnzoo.training.compare import compare

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

QUIET = Console(quiet=True)
WORDS = {"null": "zero", "eins": "one", "zwei": "two", "drei": "three"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Write 160 pairs of three words each: every word of the source has one in the target."""
    folder, rng = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    rows = ["source\ttarget"]
    for _ in range(160):
        words = rng.choice(list(WORDS), 3)
        rows.append(f"{' '.join(words)}\t{' '.join(WORDS[word] for word in words)}")
    (folder / "pairs.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def numbers(home):
    return Recipe(
        name="numbers",
        task="translation",
        data=TextPairs(str(home / "pairs.tsv")),
        model="seq2seq_bahdanau",
        hyperparameters={"units": 16, "dropout": 0.0},
        embedding_dim=8,
        epochs=12,
        batch_size=8,
        learning_rate=0.03,
        patience=None,
    )


@pytest.fixture(scope="module")
def run(numbers, home):
    with layers.use("general"):  # compiles in no time
        return rnnzoo.train(numbers, home / "run", console=QUIET)


@pytest.fixture(scope="module")
def without_attention(numbers, home):
    with layers.use("general"):
        plain = dataclasses.replace(numbers.with_model("seq2seq_gru"), epochs=1)
        return rnnzoo.train(plain, home / "plain", console=QUIET)


# The run -------------------------------------------------------------------------------------------------------------


def test_it_learns_and_its_results_say_so(run):
    for split in ("validation", "test"):
        scores = run.results["metrics"][split]
        assert list(scores) == ["loss", "accuracy", "exact_match", "bleu", "chrf", "cer"]
        assert scores["exact_match"] == scores["accuracy"] == 1.0
        assert scores["bleu"] == pytest.approx(100)  # of answers of three words
        assert scores["cer"] == 0
    assert run.results["measure"] == "exact_match"
    assert run.evaluate() == pytest.approx(run.results["metrics"]["test"], abs=1e-5)
    assert run.evaluate(beam=3)["exact_match"] == 1.0


def test_teacher_forced_measures_are_those_of_the_probabilities(run):
    batches = run.recipe.load().parts["test"]
    nats, right, tokens = 0.0, 0, 0
    for (source, target_in), target, weight in batches.arrays():
        log_p = log_softmax(np.asarray(run.model.predict_on_batch((source, target_in))), axis=-1)
        for row, step in zip(*np.nonzero(weight), strict=True):
            nats -= log_p[row, step, target[row, step]]
            right += log_p[row, step].argmax() == target[row, step]
            tokens += 1
    found = run.results["metrics"]["test"]
    assert found["loss"] == pytest.approx(nats / tokens, abs=1e-5)
    assert found["accuracy"] == pytest.approx(right / tokens)
    assert tokens == 4 * len(batches)  # three words and the end


def test_a_fresh_process_writes_the_same(run, python):
    sources = ["eins zwei drei", "null null eins", "drei"]
    here = run.predict(sources)
    code = "import sys, json, rnnzoo; print(json.dumps(rnnzoo.load(sys.argv[1]).predict(sys.argv[2:])))"
    done = python(code, run.folder, *sources)
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout.splitlines()[-1])
    assert [a["text"] for a in there] == [a["text"] for a in here]
    assert here[0]["text"] == "one two three"
    np.testing.assert_allclose([a["score"] for a in there], [a["score"] for a in here], atol=1e-5)


def test_attention_looks_at_the_word_that_is_written(run):
    (found,) = run.explain(["drei null zwei"])
    assert list(found.source) == ["drei", "null", "zwei"]
    assert list(found.target) == ["three", "zero", "two", "■"]
    assert found.attention.shape == (4, 3)
    np.testing.assert_allclose(found.attention.sum(axis=1), 1, atol=1e-5)
    shown = alignment.in_terminal(found).plain.splitlines()
    assert shown[0] == "three zero two"
    assert [line.split()[:4] for line in shown[1:4]] == [[w, "drei", "null", "zwei"] for w in found.target[:3]]
    assert shown[1].split()[-1] == f"{found.attention[0].max():.2f}"


def test_doubtful_sources_get_a_note(run):
    known, unknown, long = run.predict(["eins", "§ §", "eins zwei drei null"])
    assert "note" not in known
    assert "knows no token" in unknown["note"]
    assert "4 tokens is longer than any in training (3)" in long["note"]
    for raw, message in [([""], "nothing to read in this input"), ([], "nothing to read")]:
        with pytest.raises(ValueError, match=message):
            run.predict(raw)
        with pytest.raises(ValueError, match=message):
            run.explain(raw)


def test_pictures(run, without_attention):
    for name in ("curves", "lengths", "examples", "alignment"):
        pixels = matplotlib.image.imread(run.folder / "plots" / f"{name}.png")
        assert pixels[..., :3].std() > 0.01, name
    assert not (without_attention.folder / "plots" / "alignment.png").exists()
    assert (without_attention.folder / "plots" / "examples.png").exists()


def test_a_file_is_measured_and_its_sources_are_answered(run, tmp_path, capsys):
    path = tmp_path / "more.tsv"
    path.write_text("source\ttarget\neins zwei drei\tone two three\ndrei drei null\tthree zero\n", encoding="utf-8")
    scores = run.evaluate(str(path))
    assert scores["exact_match"] == 0.5
    assert scores["cer"] == pytest.approx(len("three ") / len("one two three" + "three zero"))
    cli.entry_point(["predict", str(run.folder), "--file", str(path)])
    assert capsys.readouterr().out.splitlines() == ["one two three", "three three zero"]
    path.write_text("source\ttarget\neins\t\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"needs both a source and a target.*line 2"):
        run.evaluate(str(path))
    path.write_text("german\tenglish\neins\tone\n", encoding="utf-8")
    assert run.evaluate(str(path))["accuracy"] <= 1  # the first two columns


def test_commands(run, capsys):
    folder = str(run.folder)
    cli.entry_point(["predict", folder, "eins eins zwei", "§", "--beam", "3"])
    first, second = capsys.readouterr().out.splitlines()
    assert first == "one one two"
    assert second.endswith("(the model knows no token of this input: the answer is its bias)")
    cli.entry_point(["predict", folder, "eins eins zwei", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["text"] == "one one two"
    assert answer["score"] < 0
    cli.entry_point(["predict", folder, "eins eins zwei", "--explain"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "one one two"
    assert lines[-1] == f"picture: {run.folder / 'plots' / 'explained.png'}"
    assert (run.folder / "plots" / "explained.png").stat().st_size > 3000
    cli.main(run.recipe, ["evaluate", folder])
    assert "exact_match 1.0000" in " ".join(capsys.readouterr().out.split())
    cli.entry_point(["runs", str(run.folder.parent)])
    assert "exact_match 1.0000" in capsys.readouterr().out


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        cli.entry_point(arguments)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


def test_refusals(run, without_attention, finished, capsys):
    folder = str(run.folder)
    assert "nothing to read in this input" in refused(capsys, "predict", folder, "")
    assert "beam" in refused(capsys, "predict", folder, "eins", "--beam", "0")
    assert "no attention" in refused(capsys, "predict", str(without_attention.folder), "eins", "--explain")
    assert "written token by token" in refused(capsys, "export", folder)
    assert "Only translation has a beam" in refused(capsys, "predict", str(finished.folder), "[[1, 2]]", "--beam", "2")


def test_compare_judges_by_exact_match(numbers, run, without_attention, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("runs")
    for done in (run, without_attention):
        os.symlink(done.folder, f"runs/{done.recipe.run_name(numbers)}")
    rows = compare([without_attention.recipe, run.recipe], numbers, tmp_path / "out", console=QUIET)
    assert [row["model"] for row in rows] == ["seq2seq_bahdanau", "seq2seq_gru"]
    assert rows[0]["exact_match"] == 1.0 > rows[1]["exact_match"]


def test_a_resumed_training_ends_as_an_undisturbed_one(numbers, tmp_path):
    few = dataclasses.replace(numbers, model="seq2seq_gru", limit=40, hyperparameters={"units": 4, "dropout": 0.3})
    with layers.use("general"):
        for folder, epochs in (("a", 1), ("a", 3), ("b", 3)):
            rnnzoo.train(dataclasses.replace(few, epochs=epochs), tmp_path / folder, measure=False, console=QUIET)
    one, other = (np.load(tmp_path / folder / "checkpoint") for folder in "ab")
    arrays = [name for name in one.files if name != "state"]
    assert arrays
    for name in arrays:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_weights_of_another_run(numbers, run, tmp_path):
    """Words of the source may differ; those of the target must be the same."""
    rows = ["source\ttarget", *("vier drei\tzero three", "eins zwei\tone two") * 20]
    (tmp_path / "pairs.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    data = TextPairs(str(tmp_path / "pairs.tsv"))
    few = dataclasses.replace(numbers, data=data, weights=str(run.folder), epochs=1)
    with layers.use("general"), pytest.raises(ValueError, match="writes other tokens"):
        rnnzoo.train(few, tmp_path / "run", console=QUIET)
    with pytest.raises(ValueError, match="no head apart from its body"):
        dataclasses.replace(numbers, trainable_body=False).check()


# The measures --------------------------------------------------------------------------------------------------------


def edits(a, b):
    """Count edits by the table of Wagner and Fischer."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, before = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
    return row[-1]


def bleu(written, faultless):
    """Papineni et al. (2002), four-grams, one reference, without smoothing: 0 where an order has no match."""
    logs, lengths = [], np.sum([[len(a), len(b)] for a, b in zip(written, faultless, strict=True)], axis=0)
    for n in range(1, 5):
        hits = total = 0
        for a, b in zip(written, faultless, strict=True):
            grams = [collections.Counter(zip(*(s[i:] for i in range(n)), strict=False)) for s in (a, b)]
            hits += sum((grams[0] & grams[1]).values())
            total += sum(grams[0].values())
        if not hits:
            return 0.0
        logs.append(math.log(hits / total))
    return 100 * math.exp(min(0, 1 - lengths[1] / lengths[0]) + sum(logs) / 4)


def data_of(tokens, target_tokens=None):
    return TextPairs("none", tokens=tokens, target_tokens=target_tokens)


TEXTS = st.text(alphabet="ab .,", max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS.filter(str.strip)), min_size=1, max_size=5))
def test_exact_match_and_character_error_rate(pairs):
    written, faultless = map(list, zip(*pairs, strict=True))
    found = translations.measures(written, faultless, data_of("characters"))
    assert found["exact_match"] == np.mean([a == b for a, b in pairs])
    assert found["cer"] == pytest.approx(sum(edits(b, a) for a, b in pairs) / sum(len(b) for _, b in pairs))
    assert all(0 <= found[name] <= 100.001 for name in ("bleu", "chrf"))


SAID = ["the cat sat on the old mat today .", "I_JUMP I_WALK I_WALK I_RUN I_RUN"]
TRUE = ["the cat sat on the mat today .", "I_JUMP I_WALK I_WALK I_WALK I_RUN I_RUN"]


@pytest.mark.parametrize(
    ("tokens", "split"), [("words", str.split), ("characters", lambda text: list(text.replace(" ", "")))]
)
def test_bleu_counts_the_vocabularys_own_tokens(tokens, split):
    for data in (data_of(tokens), data_of("subwords", tokens)):  # the target's count
        found = translations.measures(SAID, TRUE, data)
        assert found["bleu"] == pytest.approx(bleu([*map(split, SAID)], [*map(split, TRUE)]), abs=1e-6)


def test_perfect_answers():
    found = translations.measures(TRUE, TRUE, data_of("words"))
    assert found == pytest.approx({"exact_match": 1.0, "bleu": 100.0, "chrf": 100.0, "cer": 0.0})


@pytest.mark.parametrize(("metric", "up"), [("exact_match", True), ("bleu", True), ("chrf", True), ("cer", False)])
def test_directions(metric, up):
    from rnnzoo.tasks.judging.measures import more_is_better

    assert more_is_better(metric) is more_is_better(f"val_{metric}") is up


# Pictures ------------------------------------------------------------------------------------------------------------


def answer(source, target, attention=True, score=-0.1):
    weights = np.full((len(target) + 1, len(source)), 1 / len(source), "float32") if attention else None
    return Translation(" ".join(target), score, source, [*target, "■"], weights)


def test_bars_show_the_share_of_each_length():
    lengths, right = np.array([1, 1, 2, 2, 2, 5]), np.array([True, False, True, True, False, True])
    (axes,) = pictures.by_length(lengths, right, "test").axes
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([1 / 2, 2 / 3, 1])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "2", "5"]
    assert {text.get_text() for text in axes.texts} == {"2", "3", "1"}
    wide = np.arange(1, 50)
    (axes,) = pictures.by_length(wide, wide < 25, "test").axes
    assert len(axes.patches) <= pictures.BARS
    assert sum(int(text.get_text()) for text in axes.texts) == len(wide)


def test_heat_maps_have_the_tokens_on_their_axes():
    figure = alignment.picture([answer(["a", " ", "$"], ["x"]), answer(["b"], ["y", "z"])])
    first, second = (axes for axes in figure.axes if axes.images)
    assert [tick.get_text() for tick in first.get_xticklabels()] == ["a", "␣", r"\$"]
    assert [tick.get_text() for tick in second.get_yticklabels()] == ["y", "z", "■"]
    assert first.images[0].get_array().shape == (2, 3)


def test_examples_show_the_truth_of_wrong_answers():
    found = [answer(["a"], ["x"]), answer(["b"], ["y"], score=-2.0)]
    figure = pictures.examples(found, ["x", "z"], np.array([True, False]))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [t for t in texts if t] == [
        "right, 0.905",
        "read     a",
        "written  x",
        "wrong, 0.135",
        "read     b",
        "written  y",
        "truth    z",
    ]


def test_letters_that_no_font_has_are_drawn_without_a_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alignment.save(alignment.picture([answer(["語", "𒀀"], ["本"])]), tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()
