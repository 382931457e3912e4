"""`evaluate`: a run is measured again."""

from dataclasses import dataclass

from rnnzoo.cli.options import RUN, TRUST, answer_options, with_answer_options
from rnnzoo.cli.terminal import print_out


@with_answer_options
@dataclass
class Evaluate:
    """Measure a run on its test split, or on a labelled file."""

    run: RUN
    file: str | None = None
    """Labelled data instead of the test split: x and y in an .npz file, a table of texts, sentences with tags."""
    data_dir: str | None = None
    """Of TFDS, instead of TFDS_DATA_DIR."""
    trust: TRUST = False

    def execute(self, _):
        """Print the metrics."""
        from rnnzoo.training.runs import load

        run = load(self.run, trust=self.trust)
        if self.file is None and (changed := run.changed_data()):
            print_out(f"note: the data have changed since the training, and with them what was held out: {changed}")
        judgement = run.judge(self.file, data_dir=self.data_dir, **answer_options(self))
        for name, value in judgement.scores.items():
            print_out(f"{name:<12}{value:.4f}")
        if judgement.table:
            print_out(judgement.table)
