"""SCAN: commands such as "jump twice and walk left" to the actions that they ask for, from TensorFlow Datasets.

python recipes/scan.py train --dataset scan/length
python recipes/scan.py predict runs/scan-seq2seq_bahdanau-0 "jump twice and walk left"
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import TextPairs

recipe = Recipe(
    name="scan",
    task="translation",
    data=TextPairs("scan/simple"),
    model="seq2seq_bahdanau",
    hyperparameters={"units": 100, "dropout": 0.1},
    embedding_dim=64,
    epochs=20,
    batch_size=64,
    learning_rate=2e-3,
    schedule="cosine",
    patience=None,
)

if __name__ == "__main__":
    cli.main(recipe)
