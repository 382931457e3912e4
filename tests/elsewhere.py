"""The environment of other processes."""

import os


def environment(backend):
    """Return this process's environment with another backend; JAX compiles without optimizing, for little is run."""
    found = {**os.environ, "KERAS_BACKEND": backend}
    if backend == "jax":
        found["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    return found
