"""What forecasts need: history, normalisation, segments, decoding step by step."""
