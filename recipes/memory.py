"""What a network can remember: adding, copying, recalling, parity and brackets, at any of several lengths. Generated.

python recipes/memory.py --task copy --length 200 train --model min_gru
python recipes/memory.py --task parity --length 64 train --model xlstm

`adding`, of 1,000 steps: the sum of two marked values; solved is a mean square error below 0.001. In the others each
step has a tag; solved is a mean recall of 0.99 of the tags that are asked for. Parity and brackets are tested at four
times the length that was trained at most.
"""

import argparse

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceRegression, Tagging

TASKS = ("adding", "copy", "selective_copy", "recall", "parity", "dyck")
LENGTHS = (16, 32, 64, 100, 128, 200, 256, 400, 500, 1000)
LENGTHS_OF_ADDING = (50, 100, 200, 600, 1000)


def recipe_of(task: str, length: int) -> Recipe:
    """Return the recipe of a test at a length."""
    adding = task == "adding"
    data = (
        SequenceRegression(f"adding/t{length}", label="sum", scale="none", scale_answers="none")
        if adding
        else Tagging(dataset=f"memory/{task}_{length}", tags="tags", characters=False)
    )
    return Recipe(
        name=f"memory_{task}_{length}",
        task="regression" if adding else "tagging",
        data=data,
        model="min_gru",
        hyperparameters={"units": 64, "dropout": 0.0},
        embedding_dim=128 if adding else 16,  # of numbers, which have none, the default
        epochs=10,
        batch_size=50,
        learning_rate=3e-3,
        schedule="cosine",
        patience=None,
    )


recipe = recipe_of("copy", 200)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--task", choices=TASKS, default="copy")
    parser.add_argument("--length", type=int, default=200)
    chosen, words = parser.parse_known_args()
    lengths = LENGTHS_OF_ADDING if chosen.task == "adding" else LENGTHS
    if chosen.length not in lengths:
        parser.error(f"--length of {chosen.task} is one of {', '.join(map(str, lengths))}. Received: {chosen.length}")
    script = ("recipes/memory.py", "--task", chosen.task, "--length", str(chosen.length))
    cli.main(recipe_of(chosen.task, chosen.length), words, script)
