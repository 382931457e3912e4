"""Tuning: a search that cannot lose anything. An oracle proposes, engines train, trials' own files remember."""
