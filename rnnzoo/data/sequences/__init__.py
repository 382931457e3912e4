"""Sequences of numbers or token ids, with an answer each."""
