"""The adding problem."""
