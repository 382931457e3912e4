"""How a training goes: stopping, schedules, optimizers, averages, precision, transfer."""

import keras
import numpy as np
import pytest
from rich.console import Console
from run_files import history, same_weights
from scipy.special import log_softmax

import rnnzoo
from rnnzoo.data import SequenceClassification, SequenceRegression
from rnnzoo.errors import InvalidValue
from rnnzoo.tasks.classification import Classification


@pytest.fixture
def validation(monkeypatch):
    """Return a function that dictates the validation losses, epoch by epoch."""

    def dictate(*losses):
        left = iter(losses)
        monkeypatch.setattr(Classification, "watch", lambda *_: {"loss": next(left), "accuracy": 0.5})

    return dictate


def test_early_stopping_keeps_the_best_weights(fit, validation):
    validation(0.9, 0.5, 0.7, 0.6, 0.4)
    stopped = fit("stopped", epochs=10, patience=2)
    assert (stopped.results["epochs"], stopped.results["best_epoch"], stopped.results["stopped"]) == (4, 2, True)
    validation(0.9, 0.5)
    assert same_weights(stopped.model, fit("short", epochs=2, patience=2).model)


def test_patience_goes_on_over_a_break(fit, recipe, validation, tmp_path):
    def stop(epoch, _):
        if epoch == 2:
            raise KeyboardInterrupt

    validation(0.5, 0.6, 0.7, 0.8, 0.4)
    with pytest.raises(KeyboardInterrupt):
        rnnzoo.train(recipe(epochs=9, patience=3), tmp_path / "run", console=Console(quiet=True), on_epoch_end=stop)
    run = fit("run", epochs=9, patience=3)
    assert (run.results["epochs"], run.results["best_epoch"]) == (4, 1)


def test_more_may_be_better(fit, monkeypatch):
    accuracies = iter([0.5, 0.9, 0.7])
    monkeypatch.setattr(Classification, "watch", lambda *_: {"loss": 1.0, "accuracy": next(accuracies)})
    assert fit(epochs=3, monitor="val_accuracy", patience=None).results["best_epoch"] == 2


def test_without_validation_the_last_epoch_counts(fit, sequences):
    data = SequenceClassification(str(sequences / "classes.npz"), validation=0, test=0)
    run = fit(data=data, epochs=3, patience=1)
    assert (run.results["epochs"], run.results["best_epoch"]) == (3, 3)
    assert set(run.results["metrics"]) == {"train"}


def final_learning_rate(run):
    with np.load(run.folder / "checkpoint") as file:
        return float(file["optimizer/1"])


def test_plateau_halves_the_learning_rate(fit, validation):
    """Patience 4: a half after every 2 epochs without progress, so after epochs 3 and 6."""
    validation(0.5, 0.6, 0.6, 0.4, 0.6, 0.6)
    run = fit(schedule="plateau", epochs=6, patience=4, learning_rate=0.01)
    assert final_learning_rate(run) == pytest.approx(0.0025)


def test_constant_stays(fit):
    assert final_learning_rate(fit(learning_rate=0.01)) == pytest.approx(0.01)


def test_cosine_ends_at_zero(recipe, tmp_path):
    class Noted(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.schedule = self.model.optimizer.get_config()["learning_rate"]["config"]

    noted, cosine = Noted(), recipe(schedule="cosine", epochs=2, learning_rate=0.01)
    rnnzoo.train(cosine, tmp_path / "run", callbacks=[noted], console=Console(quiet=True))
    steps = 2 * cosine.data.load(batch_size=16).parts["train"].steps()
    schedule = keras.optimizers.schedules.CosineDecay.from_config(noted.schedule)
    found = [float(schedule(step)) for step in (0, steps / 2, steps)]
    np.testing.assert_allclose(found, [0.01, 0.005, 0], atol=1e-8)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_optimizers_learn(fit, optimizer):
    run = fit(optimizer=optimizer, epochs=4, learning_rate=0.01)
    assert type(run.model.optimizer).__name__.lower() == optimizer
    losses = [row["val_loss"] for row in history(run)]
    assert losses[-1] < 0.9 * losses[0]


def test_averaged_weights(fit, recipe):
    """An epoch ends with the moving average of the weights after each of its steps; resuming changes nothing."""
    settings = {"optimizer": "sgd", "learning_rate": 0.05, "hyperparameters": {"units": 8, "dropout": 0.0}}
    run = fit("averaged", epochs=1, average=2, **settings)
    small = recipe(epochs=1, **settings)
    batches = small.data.load(batch_size=16).parts["train"]
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, global_clipnorm=1.0)
    model = rnnzoo.build("mlp", **small.data.inputs, **small.hyperparameters, seed=0, optimizer=optimizer)
    average, momentum = model.get_weights(), 1 - 1 / (2 * batches.steps())  # two epochs back
    for step, (x, y, weight) in enumerate(batches.arrays(0)):
        model.train_on_batch(x, y, sample_weight=weight)
        share = momentum if step else 0.0  # Keras starts the average at the weights after the first step
        average = [share * a + (1 - share) * w for a, w in zip(average, model.get_weights(), strict=True)]
    for found, expected in zip(run.model.get_weights(), average, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    extended, whole = (fit(folder, epochs=2, average=2, **settings) for folder in ("averaged", "whole"))
    assert same_weights(extended.model, whole.model)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_the_training_loss_is_the_mean_over_examples(fit, sequences, tmp_path, class_weight):
    """Fillers count nothing; balanced, every class counts the same however rare it is."""
    with np.load(sequences / "classes.npz") as file:
        keep = np.concatenate([np.flatnonzero(file["y"] == name)[:n] for name, n in (("a", 40), ("b", 20), ("c", 7))])
        np.savez(tmp_path / "uneven.npz", **{name: file[name][keep] for name in file.files})
    data = SequenceClassification(str(tmp_path / "uneven.npz"), validation=0, test=0)
    settings = {"data": data, "class_weight": class_weight, "epochs": 1, "learning_rate": 1e-12}  # nothing moves
    run = fit(hyperparameters={"units": 8, "dropout": 0.0}, **settings)
    train = data.load().parts["train"]
    logits = np.concatenate([run.model.predict_on_batch(x[None]) for x in train.x]).astype("float64")
    losses = -log_softmax(logits, axis=1)[np.arange(67), train.y]
    expected = losses.mean()
    if class_weight:
        expected = np.mean([losses[train.y == c].mean() for c in range(3)])
    assert history(run)[0]["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(fit, precision):
    """It learns, its weights stay float32, it resumes exactly, and the process is as before."""
    before = keras.config.dtype_policy()
    settings = {"precision": precision, "learning_rate": 0.02}
    if precision == "mixed_float16":  # which has a scale of its loss to go on with
        fit("parts", epochs=1, **settings)
        whole = fit("whole", epochs=3, **settings)
    parts = fit("parts", epochs=3, **settings)
    if precision == "mixed_float16":
        assert same_weights(parts.model, whole.model)
    assert keras.config.dtype_policy() == before
    assert {w.dtype for w in parts.model.get_weights()} == {np.dtype("float32")}
    assert any(layer.compute_dtype != "float32" for layer in parts.model.get_layer("body").layers)
    assert history(parts)[-1]["val_loss"] < history(parts)[0]["val_loss"]


def test_transfer_keeps_the_body(finished, fit):
    run = fit(task="regression", weights=str(finished.folder), trainable_body=False, learning_rate=0.1, epochs=2)
    assert same_weights(run.model.get_layer("body"), finished.model.get_layer("body"))
    fresh = fit("fresh", task="regression", epochs=1)
    assert not same_weights(fresh.model.get_layer("body"), finished.model.get_layer("body"))


def test_transfer_starts_where_the_other_ended(finished, fit):
    run = fit(weights=str(finished.folder), epochs=1, learning_rate=1e-12)
    assert run.results["metrics"]["test"] == pytest.approx(finished.results["metrics"]["test"], abs=1e-4)


def test_transfer_refuses_another_shape(finished, fit):
    with pytest.raises(InvalidValue, match="body"):
        fit(weights=str(finished.folder), units=5)
    with pytest.raises(InvalidValue, match="nowhere"):
        fit(weights="nowhere")


def test_seeds_decide(fit):
    a, b, c = fit("a", epochs=1), fit("b", epochs=1), fit("c", epochs=1, seed=1)
    assert same_weights(a.model, b.model)
    assert not same_weights(a.model, c.model)


def test_class_weights_belong_to_classification(recipe):
    with pytest.raises(InvalidValue, match="class_weight"):
        recipe(task="regression", data=SequenceRegression("x.npz"), class_weight="balanced").check()
