"""Parts of speech: the universal tags of UD English LinES (https://universaldependencies.org), or your own files.

python recipes/tagging.py train --set crf=true
python recipes/tagging.py predict runs/tagging-bilstm-0 "the old man the boat"
python recipes/tagging.py train --file train.conllu --validation-file dev.conllu --test-file test.conllu
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import Tagging

recipe = Recipe(
    name="tagging",
    task="tagging",
    data=Tagging("universal_dependencies/en_lines"),
    model="bilstm",
    hyperparameters={"units": 128, "dropout": 0.4, "character_model": "lstm", "character_units": 50, "ngrams": 2},
    embedding_dim=100,
    word_dropout=0.2,
    average=1,
    epochs=20,
    batch_size=32,
    learning_rate=3e-3,
    schedule="cosine",
    patience=None,
    monitor="val_accuracy",
)

if __name__ == "__main__":
    cli.main(recipe)
