"""Looking inside a model: states, gates, gradients through time, and what each input step is worth."""
