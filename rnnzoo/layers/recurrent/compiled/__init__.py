"""The loops over time, compiled by XLA, with their gradients by hand: for TensorFlow on a CPU."""
