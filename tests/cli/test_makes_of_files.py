"""Files as they lie about, a few rows each written anew: from file to answers by the README's commands."""

import json
from pathlib import Path

import pandas as pd
import pytest
from test_peoples_files import TINY, recipe

from rnnzoo import cli

NER = "Sentence #,Word,POS,Tag\n" + "".join(
    f"Sentence: {i},Thousands,NNS,O\n,of,IN,O\n,demonstrators,NNS,O\n,Zürich,NNP,B-geo\n" for i in range(12)
)
COLUMNS = "-DOCSTART- -X- O O\n\n" + "U.N. NNP I-NP I-ORG\nofficial NN I-NP O\nheads VBZ I-VP O\n\n" * 12
SHOP = "\ufeffKommentar;Preis;Urteil\n" + 'schnell geliefert;12,50;gut\n"zu spät; kaputt";7,99;schlecht\n' * 10
CHINESE = "label,review\n" + "1,位置很好，房间干净\n0,太吵了，不推荐\n" * 10
TOPICS = [{"id": i, "body": f"wheat and corn {i}", "topics": ["grain", "corn"][: 1 + i % 2]} for i in range(24)]


KAGGLE = ["--sentence", "Sentence #", "--words", "Word", "--tags", "Tag"]


def reviews():
    return pd.DataFrame(
        {"Rating": [5, 1] * 10, "Review Text": ["lovely dress", "it fell apart"] * 10, "Age": [33, None] * 10}
    )


FILES = {
    "shop.csv": ("text", SHOP.encode("utf-8"), ["--text", "Kommentar", "--label", "Urteil"]),
    "tweets.txt": ("text", "id\ttweet\tlabel\n" + "1\tso happy\t1\n2\tso sad\t0\n" * 10, ["--text", "tweet"]),
    "clothing.xlsx": ("text", reviews().to_excel, ["--text", "Review Text", "--label", "Rating"]),
    "clothing.parquet": ("text", reviews().to_parquet, ["--text", "Review Text", "--label", "Rating"]),
    "ner_dataset.csv": ("tagging", NER.encode("cp1252"), KAGGLE),
    "eng.train.conll": ("tagging", COLUMNS.encode(), []),
    "reuters.jsonl": (
        "multilabel", "\n".join(map(json.dumps, TOPICS)).encode(), ["--text", "body", "--label", "topics"],
    ),
    "hotels.csv": ("text", CHINESE.encode("gb18030"), ["--text", "review"]),
}  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_from_file_to_answers(file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name, content, options = FILES[file]
    if callable(content):
        content(file, index=False)
    else:
        Path(file).write_bytes(content if isinstance(content, bytes) else content.encode("utf-16"))
    cli.main(recipe(name), ["train", "--file", file, *TINY, *options])
    cli.main(recipe(name), ["evaluate", "run", "--file", file])
    cli.entry_point(["predict", "run", "--file", file, "--output", "answers.csv"])
    assert "answers: answers.csv" in capsys.readouterr().out
    rows = {"tagging": 12, "multilabel": 24, "text": 20}[name]
    found = pd.read_csv("answers.csv", dtype=str)
    assert len(found) == rows
    if name == "tagging":
        assert found.tags.str.split().map(len).tolist() == found.words.str.split().map(len).tolist()
    else:
        answer = {"text": "probability", "multilabel": "labels"}[name]
        assert answer in found.columns
        assert options[1] in found.columns[: list(found.columns).index(answer)]
