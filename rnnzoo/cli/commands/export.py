"""`export`: a model for serving."""

from dataclasses import dataclass
from typing import Literal

from rnnzoo.cli.options import RUN, TRUST
from rnnzoo.cli.terminal import print_out


@dataclass
class Export:
    """Write a run's model for serving, and check that it answers the same."""

    run: RUN
    format: Literal["tf_saved_model", "onnx", "litert"] = "tf_saved_model"
    """onnx needs pip install 'rnnzoo[onnx]'; litert needs --sequence-length."""
    output: str | None = None
    """Where to; by default inside the run folder."""
    batch_size: int | None = None
    """Fix the batch size."""
    sequence_length: int | None = None
    """Fix the steps."""
    trust: TRUST = False

    def execute(self, _):
        """Print where it lies."""
        from rnnzoo.serving.exporting import export
        from rnnzoo.training.runs import load

        run = load(self.run, trust=self.trust)
        path, error = export(run, self.format, self.output, self.batch_size, self.sequence_length)
        print_out(f"{path}: answers as the model does, largest difference {error:.1e}")
        if "scaler" in run.data.fitted or "scaler" in run.data.fitted.get("answers", {}):
            print_out(
                "note: it reads and answers numbers as the run scales them, (x - shift) / scale: they are in data.json"
                f"{'' if self.format == 'tf_saved_model' else ', and in the file as metadata rnnzoo'}"
            )
