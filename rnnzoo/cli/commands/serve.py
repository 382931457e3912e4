"""`serve`: a run over HTTP."""

from dataclasses import dataclass

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
