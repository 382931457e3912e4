"""Write lessons anew: `python -m lessons [NAME ...] [--small] [--output DIR]`; default all, into docs/lessons."""

import argparse
import os
import time
from importlib import import_module
from pathlib import Path

from lessons.page import Page

NAMES = ("weather", "language", "sentiment", "attention", "bptt", "vanishing")
HOME = Path(__file__).resolve().parents[1] / "docs" / "lessons"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(prog="python -m lessons", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--small", action="store_true", help="seconds instead of minutes: numbers mean nothing then")
    parser.add_argument("--output", default=str(HOME))
    options = parser.parse_args(arguments)
    for name in options.names or NAMES:
        page, began = Page(name), time.perf_counter()
        import_module(f"lessons.{name}").lesson(page, options.small)
        from rnnzoo.devices import device_name

        page.end(time.perf_counter() - began, device_name())
        print(page.write(Path(options.output)))


if __name__ == "__main__":
    main()
