"""What a model gives beside its answer: targets written, paths drawn, attention."""
