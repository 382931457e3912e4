"""The server, started for real on loopback: right answers to many at once, refusals as JSON, and a clean stop."""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import psutil
import pytest

import rnnzoo

pytest.importorskip("fastapi")
from rnnzoo.serving.server import warm_up

BEFORE = Path(__file__).parents[1] / "fixtures" / "before"


class Server:
    """`rnnzoo serve` in a process of its own."""

    def __init__(self, run, log):
        self.log = log
        command = [sys.executable, "-c", "from rnnzoo import cli; cli.entry_point()", "serve", str(run), "--port", "0"]
        with open(log, "w") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env={**os.environ})
        for _ in range(2400):
            found = re.search(r"running on (http://127\.0\.0\.1:\d+)", log.read_text())
            if found or self.process.poll() is not None:
                break
            time.sleep(0.05)
        assert found, log.read_text()
        self.address = found[1]

    def ask(self, path, content=None, raw=None):
        """Return status and answer."""
        body = raw if raw is not None else None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.address + path, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def stop(self):
        """Stop it as a system does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def served(finished, tmp_path_factory):
    """Serve a small run, packed."""
    folder = tmp_path_factory.mktemp("served")
    packed = rnnzoo.pack(finished, folder / "small.rnnzoo")
    server = Server(packed, folder / "log.txt")
    yield server
    server.process.kill()
    server.process.wait()


def batches(count, seed=0):
    """Return lists of inputs of many lengths."""
    rng = np.random.default_rng(seed)
    return [
        [rng.normal(size=(rng.integers(1, 9), 2)).round(3).tolist() for _ in range(rng.integers(1, 5))]
        for _ in range(count)
    ]


def wrong_answers(server, run, asked):
    """Ask from 8 clients at once; return what is not as the run says."""
    expected = run.predict([item for inputs in asked for item in inputs])
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        found = list(clients.map(lambda inputs: server.ask("/predict", {"inputs": inputs}), asked))
    assert {status for status, _ in found} == {200}
    given = [answer for _, content in found for answer in content["answers"]]
    assert len(given) == len(expected)
    return [
        (mine, theirs)
        for mine, theirs in zip(given, expected, strict=True)
        if mine["label"] != theirs["label"] or abs(mine["probability"] - theirs["probability"]) > 1e-5
    ]


def test_eight_clients_get_the_run_s_answers(served, finished):
    assert wrong_answers(served, finished, batches(80)) == []
    status, told = served.ask("/health")
    assert (status, told["status"], told["task"], told["model"]) == (200, "ok", "classification", "mlp")
    assert told["answered"] >= 80
    assert "/predict" in served.ask("/openapi.json")[1]["paths"]


def test_what_is_wrong_is_said_in_one_sentence(served, finished):
    for content, status, words in (
        ({"inputs": [[[1.0, 2.0, 3.0]]]}, 422, "Received"),
        ({"inputs": ["words"]}, 422, "Received"),
        ({"inputs": []}, 422, "inputs"),
        ({"inputs": [[[1.0, 2.0]]], "options": {"beam": 3}}, 422, "beam"),
        ({"inputs": [[[1.0, 2.0]]] * 600}, 422, "512"),
        ({}, 422, "inputs"),
        ([], 422, "body"),
    ):
        found, said = served.ask("/predict", content)
        assert (found, list(said)) == (status, ["error"])
        assert words in said["error"]
        assert "\n" not in said["error"]
    assert served.ask("/predict", raw=b"{")[0] == 422
    assert served.ask("/predict", raw=b" " * 2_000_000) == (413, {"error": "a request has at most 1,048,576 bytes"})
    assert served.ask("/nothing")[0] == 404
    assert served.ask("/predict")[0] == 405
    mixed = [{"inputs": [[[0.0, float(i)]]]} if i % 3 else {"inputs": ["wrong"]} for i in range(24)]
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        found = list(clients.map(lambda content: served.ask("/predict", content)[0], mixed))
    assert found == [200 if i % 3 else 422 for i in range(24)]  # one's mistake is not another's


@pytest.mark.slow
def test_five_thousand_requests_leak_nothing(served, finished):
    process = psutil.Process(served.process.pid)
    assert wrong_answers(served, finished, batches(1000, 1)) == []
    before = process.memory_info().rss
    began = time.perf_counter()
    assert wrong_answers(served, finished, batches(5000, 2)) == []
    print(f"{5000 / (time.perf_counter() - began):.0f} requests a second")
    assert process.memory_info().rss - before < 40e6
    assert len(process.open_files()) < 40


def test_it_stops_cleanly(served):
    assert served.stop() == 0
    said = served.log.read_text()
    assert "Finished server process" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["digits", "tags", "pairs"])
def test_it_warms_up_on_what_the_run_reads(name, monkeypatch):
    run, seen = rnnzoo.load(BEFORE / name), []
    monkeypatch.setattr(type(run), "predict", lambda _, raw: seen.append(run.data.encode(raw)))
    warm_up(run)
    assert seen
    assert {len(rows) for rows in seen} <= {1, 2, 64}


@pytest.mark.slow
def test_presets_are_served(tmp_path):
    """Texts, translations and generated text."""
    asked = {
        "imdb": ("/predict", {"inputs": ["a gorgeous, witty film"]}, lambda said: said["answers"][0]["label"] == "pos"),
        "dates": (
            "/predict",
            {"inputs": ["3 July 1987"], "options": {"beam": 2}},
            lambda said: "1987-07-03" in str(said),
        ),
        "shakespeare": ("/generate", {"prompt": "ROMEO:", "characters": 20}, lambda said: len(said["text"]) == 20),
    }
    for name, (path, content, is_right) in asked.items():
        server = Server(name, tmp_path / f"{name}.txt")
        status, said = server.ask(path, content)
        assert server.stop() == 0
        assert status == 200
        assert is_right(said)
