"""Private parts of tyro: what of a command line it is about to refuse. In public it prints a box and exits."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnnzoo.errors import Moved
from rnnzoo.private import find


@dataclass(frozen=True)
class Refusal:
    """What tyro refuses.

    Args:
        option: The option whose value it cannot read, as help shows it; empty for all else.
        flags: Its spellings, of which a positional one has none.
        kind: The type of its values.
        unknown: Words that belong to no option.
        missing: Options that are needed, as help shows them.
    """

    option: str = ""
    flags: tuple[str, ...] = ()
    kind: Any = None
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def refusing(refuse: Callable[[Refusal], None]) -> contextlib.AbstractContextManager[None]:
    """Return a context in which tyro calls `refuse`, whose error comes instead of tyro's box.

    A release of tyro that has no such hook prints its box.
    """

    def hook(event):
        option = getattr(event, "argument", None)
        unknown = getattr(event, "tokens", getattr(event, "unrecognized_tokens", ()))
        missing = tuple(each.arg.display_name() for each in getattr(event, "missing_arguments", ()))
        told = {}
        if option is not None:
            flags = () if option.is_positional() else tuple(option.lowered.name_or_flags)
            told = {"option": option.display_name(), "flags": flags, "kind": option.field.type}
        refuse(Refusal(unknown=tuple(unknown), missing=missing, **told))

    try:
        return find("tyro._errors", "on_parse_error")(hook)
    except Moved:
        return contextlib.nullcontext()
