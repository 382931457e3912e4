"""Diagrams of models as SVG, in the page's own colours."""

import html

WIDTH, HEIGHT, GAP_X, GAP_Y = 190, 40, 18, 24


def of_model(model) -> str:
    """Draw the layers of a model, those of its body in place of the body: from the input down to the answer."""
    below: dict[str, list[str]] = {}  # a layer's name to those that it reads
    labels: dict[str, str] = {}
    _read(model, below, labels)
    return drawn(labels, below)


def _read(model, below, labels):
    for layer in model.layers:
        body = layer if getattr(layer, "layers", None) and layer.name in ("body", "head") else None
        if body is not None and _sources(layer):
            inputs, before = {part.name for part in body.layers if _is_input(part)}, _sources(layer)
            for part in body.layers:
                if not _is_input(part):
                    name = f"{layer.name}/{part.name}"
                    labels[name] = _label(part)
                    read = [source if source in inputs else f"{layer.name}/{source}" for source in _sources(part)]
                    below[name] = [s for r in read for s in (_resolve(before, model) if r in inputs else [r])]
        else:
            labels[layer.name] = _label(layer)
            below[layer.name] = _resolve(_sources(layer), model)


def _resolve(names, model):
    """A nested part as a source is its last layer."""
    found = []
    for name in names:
        layer = model.get_layer(name)
        nested = getattr(layer, "layers", None) and name in ("body", "head")
        found.append(f"{name}/{layer.layers[-1].name}" if nested else name)
    return list(dict.fromkeys(found))


def _sources(layer):
    """Return the names of the layers that a layer reads."""
    first = layer._inbound_nodes[:1]  # where it was made; each part is called once
    return list(dict.fromkeys(parent.operation.name for node in first for parent in node.parent_nodes))


def _is_input(layer):
    return type(layer).__name__ == "InputLayer"


def _label(layer):
    units = getattr(layer, "units", None) or getattr(layer, "filters", None)
    inner = getattr(layer, "forward_layer", None)
    kind = type(layer).__name__ + (f" of {type(inner).__name__}" if inner is not None else "")
    return f"{kind}{f', {units}' if units else ''}\n{layer.name}"


def drawn(labels: dict[str, str], below: dict[str, list[str]]) -> str:
    """Lay boxes out by their distance from the input, and join each to what it reads.

    Args:
        labels: Two lines for each box, by its name, in an order in which sources come first.
        below: The names that each box reads.
    """
    rank: dict[str, int] = {}
    for name in labels:
        rank[name] = 1 + max((rank[source] for source in below[name] if source in rank), default=-1)
    rows: dict[int, list[str]] = {}
    for name, height in rank.items():
        rows.setdefault(height, []).append(name)
    full = max(map(len, rows.values())) * (WIDTH + GAP_X) + GAP_X
    place = {}
    for height, names in rows.items():
        left = (full - len(names) * (WIDTH + GAP_X) + GAP_X) / 2
        place |= {name: (left + i * (WIDTH + GAP_X), 4 + height * (HEIGHT + GAP_Y)) for i, name in enumerate(names)}
    lines = [_line(place[source], place[name]) for name in labels for source in below[name] if source in place]
    boxes = [_box(*place[name], *label.split("\n")) for name, label in labels.items()]
    tall = (max(rows) + 1) * (HEIGHT + GAP_Y)
    return (
        f'<svg viewBox="0 0 {full:g} {tall}" width="{full:g}" role="img" aria-label="layers of the model">'
        f"{''.join(lines)}{''.join(boxes)}</svg>"
    )


def _line(begin, end):
    x, y, to_x, to_y = begin[0] + WIDTH / 2, begin[1] + HEIGHT, end[0] + WIDTH / 2, end[1]
    if to_y - y > GAP_Y + 1:  # past other boxes: a curve beside them
        side = max(x, to_x) + WIDTH / 2 + GAP_X / 2
        return f'<path d="M{x:g} {y:g} C{side:g} {y + 20:g} {side:g} {to_y - 20:g} {to_x:g} {to_y:g}"/>'
    return f'<path d="M{x:g} {y:g} L{to_x:g} {to_y:g}"/>'


def _box(x, y, kind, name):
    kind, name, middle = html.escape(kind), html.escape(name), x + WIDTH / 2
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{middle:g}" y="{y + 17:g}">{kind}</text>'
        f'<text class="name" x="{middle:g}" y="{y + 32:g}">{name}</text>'
    )
