"""Padding and lengths, and layers that padding cannot leak into."""
