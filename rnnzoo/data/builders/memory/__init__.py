"""Sequences that ask what was read before: copying, recalling, counting."""
