"""Which columns are meant."""

from collections.abc import Sequence

from rnnzoo.errors import InvalidValue


def choose_pair(
    names: Sequence[str], source: str | None, target: str | None, usual: Sequence[str], where: str
) -> tuple[str, str]:
    """Return the two columns that are meant: those given, else the usual ones.

    Args:
        names: All columns.
        source: The one to read, or None.
        target: The one to write, or None.
        usual: Source and target where nothing is given; empty if nothing is usual.
        where: Whose columns they are.

    Raises:
        ValueError: There is no such column, or it is not clear which are meant.
    """
    missing = [name for name in (source, target) if name is not None and name not in names]
    rest = [name for name in usual if name not in (source, target)]
    found = source or (rest[0] if rest else None), target or (rest[-1] if rest else None)
    if missing or None in found or found[0] == found[1]:
        raise InvalidValue(
            f"{where} has the columns {', '.join(names)}; say which two are meant with --source and --target. "
            f"Received: {', '.join(missing) or f'source={source!r}, target={target!r}'}"
        )
    return str(found[0]), str(found[1])
