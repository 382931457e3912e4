"""Texts: tokens, vocabularies, labels, and texts to continue."""
