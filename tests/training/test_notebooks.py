"""What a notebook does with a training: callbacks of Keras, history, curves, reports."""

import keras
import numpy as np
import pytest
from refusals import one_sentence
from rich.console import Console
from run_files import history

import rnnzoo
from rnnzoo.pictures.figures import Picture

pytestmark = pytest.mark.draws

QUIET = Console(quiet=True)


class Heard(keras.callbacks.Callback):
    """Write down every call, with what it may look at."""

    def __init__(self):
        super().__init__()
        self.calls, self.logs = [], []

    def on_train_begin(self, logs=None):
        self.calls.append(f"begin {self.params['epochs']}")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch}")

    def on_train_batch_end(self, batch, logs=None):
        assert logs["loss"] > 0
        self.calls.append("step")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"end {epoch}")
        self.logs.append(logs)

    def on_train_end(self, logs=None):
        self.calls.append("end")


class Metrics(keras.callbacks.Callback):
    """What `wandb.integration.keras.WandbMetricsLogger` and `mlflow.keras.MlflowCallback` ask of a training."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def on_train_begin(self, logs=None):
        self.sent.append({f"optimizer_{k}": v for k, v in self.model.optimizer.get_config().items()})
        self.model.summary(print_fn=lambda *_, **__: None)

    def on_epoch_end(self, epoch, logs=None):
        rate = float(np.asarray(self.model.optimizer.learning_rate))
        self.sent.append({f"epoch/{k}": float(v) for k, v in logs.items()} | {"epoch/learning_rate": rate})


def test_callbacks_hear_steps_epochs_and_metrics_and_one_ends_the_training(recipe, tmp_path):
    heard, metrics = Heard(), Metrics()
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", epoch == 1)
    )
    board = keras.callbacks.TensorBoard(str(tmp_path / "board"), write_graph=False)
    rate = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 1e-3 / (epoch + 1))
    callbacks = [heard, metrics, stop, board, rate]
    run = rnnzoo.train(recipe(epochs=9), tmp_path / "run", callbacks=callbacks, console=QUIET)
    order = [call for call in heard.calls if call != "step"]
    assert order == ["begin 9", "epoch 0", "end 0", "epoch 1", "end 1", "end"]
    assert heard.calls.count("step") >= 10
    rows = history(run)
    assert [logs["learning_rate"] for logs in heard.logs] == pytest.approx([1e-3, 5e-4])  # the scheduler adds it
    told = [{k: v for k, v in logs.items() if k != "learning_rate"} for logs in heard.logs]
    assert told == [{k: v for k, v in row.items() if k != "epoch"} for row in rows]
    assert metrics.sent[0]["optimizer_name"].startswith("adam")  # Keras counts those of a process
    assert [each["epoch/val_loss"] for each in metrics.sent[1:]] == [row["val_loss"] for row in rows]
    assert [each["epoch/learning_rate"] for each in metrics.sent[1:]] == pytest.approx([1e-3, 5e-4])
    assert run.results["stopped"]
    assert {path.parent.name for path in (tmp_path / "board").rglob("events*")} == {"train", "validation"}
    one_sentence(lambda: rnnzoo.train(recipe(), tmp_path / "no", callbacks=[print]), "callbacks are those of Keras")


def test_a_run_shows_itself(finished, tmp_path):
    assert finished.history.epoch.tolist() == [1, 2, 3]
    assert finished.history.to_dict("records") == history(finished)
    assert isinstance(finished.plot(), Picture)
    assert finished.plot()._repr_png_().startswith(b"\x89PNG")
    accuracy = f"{finished.results['metrics']['test']['accuracy']:.4g}"
    assert f"mlp, test accuracy {accuracy}" in repr(finished)
    text = finished.report()
    assert text.startswith("small: mlp on classes.npz\nmeasure")
    assert accuracy in text
    assert "units" in text
    assert accuracy in text._repr_html_() == finished._repr_html_()
    assert repr(rnnzoo.load(finished.folder)) == repr(finished)


def test_a_run_that_is_not_finished_shows_itself_too(recipe, tmp_path):
    def stop(epoch, _):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rnnzoo.train(recipe(), tmp_path / "run", on_epoch_end=stop, console=QUIET)
    run = rnnzoo.load(tmp_path / "run")
    assert repr(run) == f"<Run {run.folder}: mlp, not finished>"
    assert run._repr_html_() is None
    assert len(run.history) == 1
    run.plot()
    (run.folder / "config.json").write_text("{")
    assert "Cannot read config.json" in repr(rnnzoo.load(run.folder))
