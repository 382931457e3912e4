"""Dates as people write them, and in ISO 8601."""
