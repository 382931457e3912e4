"""Texts with any number of labels each."""

import pandas as pd

from rnnzoo.data import MultilabelTexts


def several(labels):
    return pd.DataFrame({"text": [f"w{j % 7} w{j % 5}" for j in range(len(labels))], "labels": labels})


def test_a_label_that_only_a_drawn_part_has_is_one_of_the_models():
    """It was refused whenever the one text that has it was drawn for validation or test."""
    for place in range(40):
        labels = [["a"], ["b"], ["a", "b"], []] * 10
        labels[place] = ["a", "rare"]
        data = MultilabelTexts(file=several(labels))
        parts = data.load(batch_size=8).parts
        assert data.classes == ["a", "b", "rare"]
        assert sum(row[2] for part in parts.values() for row in part.y) == 1


def test_a_separator_that_was_not_named_is_noted():
    data = MultilabelTexts(file=several(["a;b", "a", "b", "b; c", "c"] * 8))
    data.load(batch_size=8)
    assert "';' stands in labels: --label-separator ';' if" in data.report["notes"][0]
    for labels in (["a|b", "a", "b;c", "c", "b"] * 8, ["new york", "old", "paris", "rome", "oslo"] * 8):
        data = MultilabelTexts(file=several(labels))
        data.load(batch_size=8)
        assert not [note for note in data.report.get("notes", ()) if "separator" in note]
    data = MultilabelTexts(file=several(["a;b", "a", "b", "b; c", "c"] * 8), label_separator=";")
    data.load(batch_size=8)
    assert data.classes == ["a", "b", "c"]
