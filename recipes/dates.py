"""Dates as people write them in 18 languages and regions, to ISO 8601, letter by letter. Generated: no download.

python recipes/dates.py predict runs/dates-seq2seq_bahdanau-0 "søndag den 5. marts 2023" --explain
python recipes/dates.py compare --models seq2seq_gru,seq2seq_bahdanau
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import TextPairs

recipe = Recipe(
    name="dates",
    task="translation",
    data=TextPairs("dates", tokens="characters"),
    model="seq2seq_bahdanau",
    hyperparameters={"units": 64, "dropout": 0.0},
    embedding_dim=32,
    epochs=6,
    batch_size=64,
    learning_rate=3e-3,
    schedule="cosine",
    patience=None,
)

if __name__ == "__main__":
    cli.main(recipe)
