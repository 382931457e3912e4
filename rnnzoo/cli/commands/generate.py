"""`generate`: a language model continues a text."""

from dataclasses import dataclass

from rnnzoo.cli.options import RUN, TRUST


@dataclass
class Generate:
    """Let a language model continue a text."""

    run: RUN
    prompt: str
    """What is continued."""
    characters: int = 500
    """How much to write: characters, or words for a model of words."""
    temperature: float = 0.8
    """Below 1 the likely becomes likelier; 0 always takes the likeliest."""
    top_k: int | None = None
    """Draw from so many likeliest characters alone."""
    seed: int | None = None
    """The same seed writes the same text."""
    trust: TRUST = False

    def execute(self, _):
        """Print the prompt, and the continuation as it comes."""
        from rnnzoo.serving.generating import stream
        from rnnzoo.training.runs import load

        pieces = stream(
            load(self.run, trust=self.trust),
            self.prompt,
            characters=self.characters,
            temperature=self.temperature,
            top_k=self.top_k,
            seed=self.seed,
        )
        print(self.prompt, end="", flush=True)
        for piece in pieces:
            print(piece, end="", flush=True)
        print()
