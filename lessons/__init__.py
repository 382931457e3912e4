"""Lessons: each a script whose text, numbers and pictures come out of one run. `python -m lessons NAME`."""
