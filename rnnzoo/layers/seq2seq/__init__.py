"""Encoders, decoders, and the search for the likeliest target."""
