"""`serve` and `demo`: a run over HTTP, and runs in the browser."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from rnnzoo.cli.options import RUN, TRUST


@dataclass
class Serve:
    """Answer over HTTP: POST /predict, GET /health, and a page of all at /docs. Needs pip install 'rnnzoo[serve]'."""

    run: RUN
    host: str = "127.0.0.1"
    """By default this machine alone. Nobody is asked who they are."""
    port: int = 8000
    """0 takes a free one."""
    largest: int = 2**20
    """Bytes of a request, at most."""
    trust: TRUST = False

    def execute(self, _):
        """Serve until stopped."""
        from rnnzoo.serving.server import serve
        from rnnzoo.training.runs import load

        serve(load(self.run, trust=self.trust), self.host, self.port, largest=self.largest)


@dataclass
class Demo:
    """Try runs or presets in the browser: write, draw, upload. Needs pip install 'rnnzoo[demo]'."""

    runs: Annotated[Positional[tuple[str, ...]], arg(metavar="RUN", help="Runs or presets; default: all presets.")] = ()
    host: str = "127.0.0.1"
    """By default this machine alone. Nobody is asked who they are."""
    port: int | None = None
    """Default: a free one from 7860 on."""
    trust: TRUST = False

    def execute(self, _):
        """Serve until stopped."""
        from rnnzoo.serving.demo import gradio, serve
        from rnnzoo.sharing.presets import list_presets
        from rnnzoo.training.runs import load

        gradio()  # before anything is read: it may be missing
        names = self.runs or [preset.name for preset in list_presets()]
        serve({Path(name).name: load(name, trust=self.trust) for name in names}, self.host, self.port)
