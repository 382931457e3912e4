"""Attention over states."""
