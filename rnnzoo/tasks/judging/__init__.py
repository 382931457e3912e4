"""How answers are judged: measures over all predictions of a split."""
