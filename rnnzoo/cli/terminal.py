"""What commands print, and how a command line is run."""

import dataclasses
import functools
import importlib
import importlib.util
import logging
import operator
import os
import sys
import tempfile
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import tyro

from rnnzoo.checked import in_words
from rnnzoo.errors import InvalidValue, UserError, did_you_mean
from rnnzoo.files import in_one_sentence
from rnnzoo.private.tyro import Refusal, refusing


def print_out(thing: Any, soft_wrap: bool = False) -> None:
    """Print a table, or plain text as it is; with `soft_wrap` also coloured text, however wide."""
    from rich.console import Console

    Console(highlight=False, markup=False, soft_wrap=soft_wrap or isinstance(thing, str)).print(thing)


def dispatch(
    commands: Callable[[], dict[str, type]], program: str, arguments: Sequence[str] | None, recipe: Any
) -> None:
    """Parse, run, and turn an error of ours into one sentence and exit status 2.

    Args:
        commands: Makes the table of commands: dataclasses of options with a method `execute(recipe)`.
        program: How the command line begins.
        arguments: Instead of `sys.argv[1:]`.
        recipe: What `execute` gets.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's greetings; errors still show
    words = list(sys.argv[1:] if arguments is None else arguments)
    loud = "--traceback" in words
    words = [word for word in words if word != "--traceback"]
    try:
        with in_one_sentence():
            options = _parse(commands(), program, words)
            if getattr(options, "needs_keras", True):
                for module in ("keras", "tensorflow"):  # the data needs TensorFlow on every backend
                    if importlib.util.find_spec(module):
                        _import_quietly(module)
                logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on tracing once for each bucket
            options.execute(recipe)
    except UserError as error:
        if loud:
            raise
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("stopped; the same command goes on after the last whole epoch", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()


def _parse(table: dict[str, type], program: str, words: Sequence[str]) -> Any:
    """Parse a command and its options; the options alone where there is one command."""
    kinds = [Annotated[kind, tyro.conf.subcommand(name, prefix_name=False)] for name, kind in table.items()]
    several = len(table) > 1
    one_of: Any = functools.reduce(operator.or_, kinds) if several else next(iter(table.values()))
    with refusing(functools.partial(_refuse, table, program, words)):
        return tyro.cli(
            one_of,
            prog=program,
            description="Add --traceback to see where an error comes from." if several else None,
            args=words or ["--help"] * several,
            config=(tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff),
        )


def _refuse(table: dict[str, type], program: str, words: Sequence[str], refused: Refusal) -> None:
    """Say in one sentence what of a command line cannot be read."""
    if refused.option:
        raise InvalidValue(f"{refused.option} must be {in_words(refused.kind)}. Received: {_typed(words, refused)}")
    command = next(iter(table)) if len(table) == 1 else words[0]
    known = set(table) if command not in table else set(_flags(table[command]))
    see = f"`{program}{f' {command}' if command in table and len(table) > 1 else ''} --help` shows what there is"
    if refused.unknown:
        hint = did_you_mean(refused.unknown[0].partition("=")[0], known)
        raise InvalidValue(f"Unknown: {refused.unknown[0]}; {see}.{hint} Received: {' '.join(words)}")
    missing = " and ".join(refused.missing) or "more"
    raise InvalidValue(f"It needs {missing}; {see}. Received: {' '.join(words) or 'nothing'}")


def _typed(words: Sequence[str], refused: Refusal) -> str:
    """Return an option and its value as they were typed, or the whole line where they are not to be found."""
    at = [i for i, word in enumerate(words) if word.partition("=")[0].replace("_", "-") in refused.flags]
    return " ".join(words[at[-1] :][: 1 if "=" in words[at[-1]] else 2] if at else words)


def _flags(command: type) -> Iterator[str]:
    """Yield the options of a command as they are typed."""
    for field in dataclasses.fields(command):
        names = [field.name, *(getattr(note, "name", None) for note in typing.get_args(field.type)[1:])]
        flag = next(name for name in reversed(names) if name).replace("_", "-")
        yield f"--no-{flag}" if field.default is True else f"--{flag}"


def _import_quietly(module: str) -> None:
    """Import what brings TensorFlow along without its greetings, which no log level silences; errors still show."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            importlib.import_module(module)
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                if not line.startswith(("I0000", "WARNING: All log messages before absl")):
                    print(line, file=sys.stderr)
