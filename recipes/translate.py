"""Translation: Portuguese to English from talks (TED), or your own pairs of texts in a CSV, TSV or JSON Lines file.

python recipes/translate.py train --dataset pairs.tsv --source german --target english
python recipes/translate.py train --dataset ted_hrlr_translate/ru_to_en --tokens subwords
python recipes/translate.py predict runs/RUN "obrigado por terem vindo" --beam 5
"""

from rnnzoo import Recipe, cli
from rnnzoo.data import TextPairs

recipe = Recipe(
    name="translate",
    task="translation",
    data=TextPairs("ted_hrlr_translate/pt_to_en", tokens="subwords", vocabulary_size=8000, measure="bleu"),
    model="seq2seq_bahdanau",
    hyperparameters={"units": 256, "dropout": 0.3},
    sequence_length=60,
    embedding_dim=256,
    epochs=15,
    batch_size=64,
    learning_rate=1e-3,
    schedule="cosine",
    patience=3,
)

if __name__ == "__main__":
    cli.main(recipe)
