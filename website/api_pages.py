"""The programming interface: a page a room, from docstrings."""

import rnnzoo

ROOMS = {
    "layers": "rnnzoo.layers",
    "data": "rnnzoo.data",
    "tasks": "rnnzoo.tasks",
}


def pages() -> dict[str, str]:
    """Return the text of each page by name: every public name of `rnnzoo`, and of its rooms."""
    names = [f"::: {home}.{name}\n" for name, home in sorted(rnnzoo._HOME.items(), key=lambda pair: pair[0].lower())]
    texts = {"index": "\n".join(["# rnnzoo\n", "All of it: `import rnnzoo`.\n", *names])}
    for page, module in ROOMS.items():
        texts[page] = f"# {module}\n\n" + "\n".join(f"::: {path}\n" for path in _public(module))
    return texts


def _public(module: str) -> list[str]:
    """Return where each public class and function of a package is defined."""
    import importlib

    package = importlib.import_module(module)
    found = {}
    for name in getattr(package, "__all__", None) or [name for name in vars(package) if name[0] != "_"]:
        thing = getattr(package, name)
        home = getattr(thing, "__module__", "")
        if home.startswith("rnnzoo.") and callable(thing) and thing.__doc__:
            found[name] = f"{home}.{thing.__qualname__}"
    return [found[name] for name in sorted(found)]
