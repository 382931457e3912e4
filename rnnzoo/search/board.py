"""Logs for TensorBoard and its HParams plugin."""

import warnings
from collections.abc import Sequence

from rnnzoo.data.batches import tensorflow
from rnnzoo.files import own_path
from rnnzoo.search.space import Dimension
from rnnzoo.search.trials import BOARD, DONE, RUN, Store
from rnnzoo.search.work import history


def write_board(store: Store, space: Sequence[Dimension], objective: str) -> None:
    """Write every trial's curves, values and score anew: `tensorboard/<trial>`."""
    tf = tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the plugin looks for pkg_resources
        from tensorboard.plugins.hparams import api

    root = own_path(store.folder, BOARD)
    for path in root.rglob("events.out.tfevents.*"):
        path.unlink()
    with tf.summary.create_file_writer(str(root)).as_default():
        api.hparams_config(hparams=[api.HParam(dimension.name) for dimension in space], metrics=[api.Metric(objective)])
    for trial in store.trials.values():
        with tf.summary.create_file_writer(str(root / trial.id)).as_default():
            api.hparams(dict(trial.settings), trial_id=trial.id)
            for row in history(store.place(trial.id) / RUN):
                for name, value in row.items():
                    if name != "epoch":
                        tf.summary.scalar(name, value, step=int(row["epoch"]))
            if trial.state == DONE:  # the last value is the one in the plugin's table
                tf.summary.scalar(objective, trial.score, step=trial.epochs + 1)
