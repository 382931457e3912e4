"""Film reviews of IMDB by a linear model of words, pairs and triples of words: what networks have to beat.

`python recipes/imdb_linear.py` fits it by scikit-learn and writes recipes/results/imdb_linear-nb_logistic-0.json. It is
the logistic regression of n-grams that are there or not, weighed by naive Bayes (Wang and Manning 2012,
https://aclanthology.org/P12-2018, there with an SVM). How softly it fits is chosen on a tenth of train.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from rnnzoo.data import TextClassification
from rnnzoo.devices import device_name
from rnnzoo.files import write_text
from rnnzoo.tasks import find
from rnnzoo.tasks.judging.measures import Predictions, measured

SOFTNESS = (0.1, 0.3, 1.0, 3.0)
"""What is tried: scikit-learn's C."""


def n_grams(row: np.ndarray) -> list[tuple[int, ...]]:
    """Return the runs of one, two and three tokens of a text."""
    tokens = row.tolist()
    return [gram for n in (1, 2, 3) for gram in zip(*(tokens[i:] for i in range(n)), strict=False)]


def fit(there: sparse.csr_matrix, y: np.ndarray, softness: float) -> tuple[np.ndarray, float]:
    """Return weights and bias of a text's log-odds.

    Args:
        there: Which text has which n-gram, 0 or 1.
        y: Classes, 0 or 1.
        softness: scikit-learn's C, of the n-grams times their log-count ratio.
    """
    p, q = (1 + np.asarray(there[y == side].sum(axis=0)).ravel() for side in (1, 0))
    ratio = np.log(p / p.sum()) - np.log(q / q.sum())
    regression = LogisticRegression(C=softness, solver="liblinear", dual=True, max_iter=1000, random_state=0)
    regression.fit(there @ sparse.diags(ratio), y)
    return ratio * regression.coef_[0], float(regression.intercept_[0])


def measure() -> dict[str, Any]:
    """Choose, fit, look at test once, and return what `results.json` holds of a run."""
    data = TextClassification("imdb_reviews", vocabulary_size=1_000_000)
    parts, began = data.read(), time.perf_counter()
    counter = CountVectorizer(analyzer=n_grams, binary=True, min_df=2, dtype=np.float64)
    seen = {
        part: counter.fit_transform(x) if part == "train" else counter.transform(x) for part, (x, _) in parts.items()
    }
    y = {part: np.asarray(classes) for part, (_, classes) in parts.items()}

    def scores(part, model):
        log_odds = seen[part] @ model[0] + model[1]
        answers = np.stack([-log_odds / 2, log_odds / 2], axis=1)
        return measured(find("classification"), Predictions(y[part], answers))

    tried = {c: fit(seen["train"], y["train"], c) for c in SOFTNESS}
    best = min(tried, key=lambda c: scores("validation", tried[c])["loss"])
    return {
        "recipe": "imdb_linear",
        "dataset": data.name,
        "task": "classification",
        "model": "nb_logistic",
        "hyperparameters": {"ngrams": 3, "C": best},
        "parameters": seen["train"].shape[1] + 1,
        "metrics": {
            part: {k: round(v, 6) for k, v in scores(part, tried[best]).items()} for part in ("validation", "test")
        },
        "seconds": round(time.perf_counter() - began, 1),
        "epochs": 1,
        "seed": 0,
        "device": device_name(),
        "versions": {name: version(name) for name in ("rnnzoo", "scikit-learn")},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args(
        arguments
    )
    results = json.dumps(measure(), indent=1)
    write_text(Path(__file__).parent / "results" / "imdb_linear-nb_logistic-0.json", results + "\n")
    print(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
