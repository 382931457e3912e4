"""Daily exchange rates."""
