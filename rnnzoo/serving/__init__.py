"""What a finished run is used for: generated text, exported models."""
