"""Sums of sine waves."""
