"""Several trainings of one recipe as one thing: members of an ensemble, folds of a backtest."""
