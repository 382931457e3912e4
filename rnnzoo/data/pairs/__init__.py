"""Pairs of texts: one to read, one to write."""
