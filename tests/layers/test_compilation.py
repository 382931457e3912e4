"""Compilation is paid once for a shape, whatever the lengths of the rows in it."""

import os
import subprocess
import sys

SCRIPT = """
import glob, sys
import numpy as np
import rnnzoo

model = rnnzoo.build("bigru", vocabulary_size=9, units=3, embedding_dim=2, pooling="mean")
rng = np.random.default_rng(0)

def programs_after(longest):
    tokens = np.zeros((8, 20), "int32")
    for row, length in zip(tokens, rng.integers(1, longest + 1, 8)):
        row[:length] = 1
    tokens[0, :longest] = 1
    model.train_on_batch(tokens, np.zeros(8, int))
    model.predict_on_batch(tokens)
    return len(glob.glob(sys.argv[1] + "/*.before_optimizations.txt"))

print(programs_after(20), *[programs_after(longest) for longest in (19, 13, 7, 1)])
"""


def test_other_lengths_compile_nothing_new(tmp_path):
    """XLA writes down every program that it compiles: count them."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env={**os.environ, "XLA_FLAGS": f"--xla_dump_to={tmp_path} --xla_dump_hlo_as_text"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, *later = map(int, done.stdout.split())
    assert first > 0
    assert set(later) == {first}
