"""What XLA makes of the loops: it writes down every program that it compiles."""

import os
import re
import subprocess
import sys

import pytest

LENGTHS = """
import glob, sys
import numpy as np
import rnnzoo

model = rnnzoo.build("gru", vocabulary_size=9, units=3, embedding_dim=2, pooling="mean")
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


TRAINING = """
import sys
import keras, numpy as np
import rnnzoo.layers as layers

masking = [keras.layers.Masking()] if sys.argv[2] == "padded" else []
kinds = (layers.LSTM, layers.GRU, layers.SimpleRNN)
every_step = [kind(3, return_sequences=True) for kind in kinds]
last_step = [layer for kind in kinds for layer in (*masking, kind(3), keras.layers.RepeatVector(7))]
model = keras.Sequential([keras.Input((7, 2)), *masking, *every_step, *last_step])
model.compile("sgd", "mse")
model.train_on_batch(np.ones((8, 7, 2)), np.ones((8, 7, 3)))
"""


def _run(script, folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), *arguments],
        env={**os.environ, "XLA_FLAGS": f"--xla_dump_to={folder} --xla_dump_hlo_as_text"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_other_lengths_compile_nothing_new(tmp_path):
    """Compilation is paid once for a shape, whatever the lengths of the rows in it."""
    first, *later = map(int, _run(LENGTHS, tmp_path).split())
    assert first > 0
    assert set(later) == {first}


@pytest.mark.slow
@pytest.mark.parametrize("padded", ["padded", "full"])
def test_a_loop_stays_in_one_thread(tmp_path, padded):
    """XLA runs up to eight kernels one after the other; more it spreads over threads, which slows small steps down."""
    _run(TRAINING, tmp_path, padded)
    programs = [path.read_text() for path in tmp_path.glob("*after_optimizations.txt")]
    loops = [program for program in programs if " while(" in program]
    assert len(loops) >= 9
    for program in loops:
        bodies = re.findall(r"body=(%[\w.\-]+)", program)
        for name, text in re.findall(r"(?ms)^(ENTRY|%[\w.\-]+) [^\n]*\{\n(.*?)^\}", program):
            if name in ("ENTRY", *bodies):
                kernels = re.findall(r" (?:fusion|copy|dot|while|reduce|custom-call|call)\(", text)
                assert len(kernels) <= 8, text
