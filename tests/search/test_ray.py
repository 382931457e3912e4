"""Trials on a Ray cluster of two nodes on this machine."""

import contextlib
import threading
import time

import psutil
import pytest
from rich.console import Console

import rnnzoo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
FEW = {"num_layers": None, "dropout": None, "units": (4, 8)}


@pytest.fixture
def cluster():
    """Start two nodes of one core each; a head without cores keeps them together."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    cluster.nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_trials_spread_and_a_lost_node_loses_none(cluster, recipe, tmp_path):
    import ray

    ray.init(address=cluster.address, log_to_driver=False)
    seen: set[str] = set()

    def watch():
        killed = False
        while not done.is_set():
            time.sleep(0.2)
            busy = [node.node_id for node in cluster.nodes if has_a_trial(node)]
            seen.update(busy)
            if len(seen) == 2 and not killed and cluster.nodes[0].node_id in busy:
                killed = True
                cluster.remove_node(cluster.nodes[0], allow_graceful=False)

    def has_a_trial(node):
        found = False
        for raylet in node.all_processes.get("raylet", []):
            with contextlib.suppress(psutil.Error):
                workers = psutil.Process(raylet.process.pid).children(recursive=True)
                found = found or any("ray::_run" in " ".join(worker.cmdline()) for worker in workers)
        return found

    done = threading.Event()
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        found = rnnzoo.tune(
            recipe(epochs=40, patience=None), trials=5, workers=2, search=FEW, output=tmp_path / "tune",
            ray_address=cluster.address, console=Console(quiet=True),
        )  # fmt: skip
    finally:
        done.set()
        watching.join()
    assert len(seen) == 2  # both nodes had trials
    assert [trial.state for trial in found.trials] == ["DONE"] * 5
    assert any(trial.starts > 1 for trial in found.trials)  # the one whose node was lost
    assert all(trial.deaths == 0 for trial in found.trials)


def test_no_cluster(recipe, tmp_path):
    pytest.importorskip("ray")
    with pytest.raises(ValueError, match="no Ray cluster"):
        rnnzoo.tune(recipe(), output=tmp_path / "tune", ray_address="auto", console=Console(quiet=True))
