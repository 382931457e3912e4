"""`python -m benchmarks.serving [RUN]`: requests a second and waiting times of `rnnzoo serve`, on loopback.

The server is a process of its own. Clients, each with one open connection, send one text a request, of 20 to 200 words
drawn at random, and send the next when the answer has come. What is timed begins with the request and ends with the
last byte of its answer. Clients and server share the machine.
"""

import argparse
import concurrent.futures
import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from rnnzoo.files import write_text

WORDS = (
    "a", "the", "film", "actor", "plot", "is", "was", "not", "very", "good", "bad", "dull", "witty", "long", "but",
    "story", "it", "of", "and", "scene", "never", "ending",
)  # fmt: skip
CLIENTS = (1, 8, 32)


def texts(count: int, seed: int) -> list[str]:
    """Return texts of 20 to 200 words."""
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(20, 201))) for _ in range(count)]


def start(run: str, log: Path) -> tuple[subprocess.Popen, int]:
    """Start the server and return it, once it listens, with its port."""
    command = [sys.executable, "-c", "from rnnzoo import cli; cli.entry_point()", "serve", run, "--port", "0"]
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
    while process.poll() is None:
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", log.read_text()):
            return process, int(found[1])
        time.sleep(0.05)
    raise SystemExit(log.read_text())


def wait_times(port: int, asked: Sequence[str]) -> list[float]:
    """Send one request after another on one connection; return the seconds of each."""
    connection, found = http.client.HTTPConnection("127.0.0.1", port), []
    for text in asked:
        body, began = json.dumps({"inputs": [text]}), time.perf_counter()
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        found.append(time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"The server answered with status {answer.status}.")
    return found


def measure(port: int, clients: int, requests: int) -> dict[str, float]:
    """Return requests a second and percentiles of the waiting times, in milliseconds."""
    asked = texts(requests, clients)
    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(lambda k: wait_times(port, asked[k::clients]), range(clients)))
    seconds = time.perf_counter() - began
    waits = 1000 * np.concatenate(found)
    percentiles = {f"p{q}_ms": float(np.percentile(waits, q)) for q in (50, 95, 99)}
    return {"clients": clients, "requests": requests, "per_second": requests / seconds, **percentiles}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", nargs="?", default="imdb", help="a run or preset that reads texts")
    parser.add_argument("--requests", type=int, default=2000, help="of each number of clients")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/serving.json"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        process, port = start(options.run, Path(folder, "log.txt"))
        try:
            measure(port, 8, 200)  # warm
            rows = [measure(port, clients, options.requests) for clients in CLIENTS]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    write_text(options.output, json.dumps({**machine(), "run": options.run, "rows": rows}, indent=1) + "\n")
    table = Table("clients", "requests a second", "median, ms", "95 %, ms", "99 %, ms", box=None)
    for row in rows:
        table.add_row(
            str(row["clients"]), f"{row['per_second']:.0f}", *(f"{row[f'p{q}_ms']:.1f}" for q in (50, 95, 99))
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
