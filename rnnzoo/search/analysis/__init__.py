"""What the trials of a search tell together."""
