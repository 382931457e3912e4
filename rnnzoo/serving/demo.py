"""A demo in the browser: a tab a run, by Gradio."""

import os
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.rounding import rounded

DRAWN = "digits"
"""The data set whose inputs can be drawn with the mouse."""
BRUSH = 20
"""Pixels of its radius: of the pad's 280 as wide as the pens that the digits were written with."""
PAD = "rnnzoo-pad"
PICK_BRUSH = f"""() => setInterval(() => {{
  for (const brush of document.querySelectorAll(".{PAD} .half-container button:first-of-type"))
    if (!brush.closest(".{PAD}").dataset.ready) {{
      brush.click();
      if (brush.classList.contains("highlight")) brush.closest(".{PAD}").dataset.ready = "yes";
    }}
}}, 200)"""
"""A pad of Gradio draws nothing until a tool is chosen: the brush is, once, when the pad appears."""


def app(runs: Mapping[str, Any]) -> Any:
    """Return the page, a `gradio.Blocks`, with a tab for each run.

    Args:
        runs: `Run`s by the name of their tab. What a tab asks for and shows follows from the run's task and data.

    Raises:
        UserError: Gradio is missing.
        ValueError: There are no runs.
    """
    if not runs:
        raise InvalidValue("Give a run or more, or presets. Received: none")
    gr = gradio()
    with gr.Blocks(title="rnnzoo", analytics_enabled=False) as page:
        gr.Markdown("# rnnzoo")
        for name, run in runs.items():
            with gr.Tab(name):
                gr.Markdown(f"`{run.config['model']}`, {run.task.name}")
                panel(run)(gr, run)
        page.load(fn=None, js=PICK_BRUSH)
    return page


def serve(runs: Mapping[str, Any], host: str, port: int | None, *, wait: bool = True) -> str:
    """Serve the page and return its address; nothing on it is loaded from elsewhere.

    Args:
        runs: See `app`.
        host: `127.0.0.1` is this machine alone.
        port: None takes a free one.
        wait: Until stopped.
    """
    page, gr = app(runs), gradio()
    theme = gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"])
    _, address, _ = page.launch(server_name=host, server_port=port, prevent_thread_lock=not wait, theme=theme)
    return address


def gradio() -> Any:
    """Import Gradio, which is not to tell anybody that it was."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    try:
        import gradio
    except ImportError as missing:
        raise UserError(f"The demo needs Gradio ({missing}): pip install 'rnnzoo[demo]'.") from missing
    return gradio


def panel(run: Any) -> Callable[[Any, Any], None]:
    """Return what fills a run's tab."""
    if "generate" in run.task.commands:
        return _writing
    if run.task.sequences == 2:
        return _translating
    if run.task.per_step:
        return _tagging
    if hasattr(run.data, "read_inputs"):
        return _forecasting
    return _texts if hasattr(run.data, "pieces") else _numbers


def _said(gr: Any, answer: Callable) -> Callable:
    """Show a user's mistake on the page, as one sentence."""

    def answered(*inputs: Any) -> Any:
        try:
            return answer(*inputs)
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return answered


def _texts(gr: Any, run: Any) -> None:
    text = gr.Textbox(label="Text", lines=4, value="A gorgeous, witty film. The end is a bit long.")
    button = gr.Button("Answer", variant="primary")
    label = gr.Label(label="Answer")
    words = gr.HighlightedText(label="What each word adds to the answer", show_legend=True)

    def answer(text: str) -> Any:
        from rnnzoo.inspecting.inspection import inspect

        if not text.strip():
            raise InvalidValue("Write a text. Received: nothing")
        (found,), (tokens,), (ids,) = run.predict([text]), run.data.pieces([text]), run.data.encode([text])
        if not len(ids):
            raise InvalidValue(f"There is nothing to read in this text. Received: {text!r}")
        worth = inspect(run.model, [ids]).importance[0, : len(tokens)]
        shown = [
            (f"{token} ", float(w)) for token, w in zip(tokens, worth / max(1e-9, np.abs(worth).max()), strict=True)
        ]
        return _labels(found), shown

    button.click(_said(gr, answer), text, [label, words])


def _labels(found: dict[str, Any]) -> dict[str, float] | str:
    """The answer as Gradio's label takes it: labels with probabilities, or values as text."""
    if "label" in found:
        return {found["label"]: found["probability"]}
    if "probabilities" in found:
        return dict(found["probabilities"])
    return ", ".join(f"{value:.4g}" for value in found["values"])


def _tagging(gr: Any, run: Any) -> None:
    text = gr.Textbox(label="Sentence", value="the old man the boat")
    button, tags = gr.Button("Tag", variant="primary"), gr.HighlightedText(label="Tags", show_legend=True)

    def answer(text: str) -> Any:
        (found,) = run.predict([text])
        return list(zip(found["words"], found["tags"], strict=True))

    button.click(_said(gr, answer), text, tags)


def _translating(gr: Any, run: Any) -> None:
    from rnnzoo.inspecting.inspection import inspect
    from rnnzoo.pictures import alignment, inside
    from rnnzoo.pictures.figures import as_it_is

    text = gr.Textbox(label="Source", value="søndag den 5. marts 2023")
    button = gr.Button("Write", variant="primary")
    written, where = gr.Textbox(label="Written"), gr.Plot(label="What it read for each token that it wrote")

    def answer(text: str) -> Any:
        if not text.strip():
            raise InvalidValue("Write a text. Received: nothing")
        from rnnzoo.tasks.judging.translations import translate

        (ids,), source = run.data.encode([text]), alignment.visible(run.data.vocabulary.pieces(text))
        (found,) = translate(run.model, run.data, [ids])
        if found.attention is not None:
            return found.text, as_it_is(alignment.picture([replace(found, source=source)]))
        seen = inspect(run.model, [ids], [run.data.target_vocabulary.encode(found.text)])
        return found.text, as_it_is(inside.sources(seen.by_token[0], alignment.visible(found.target), source))

    button.click(_said(gr, answer), text, [written, where])


def _writing(gr: Any, run: Any) -> None:
    prompt = gr.Textbox(label="Prompt", value="ROMEO:")
    temperature = gr.Slider(0.0, 1.5, value=0.8, step=0.1, label="Temperature")
    characters = gr.Slider(50, 1000, value=300, step=50, label="Tokens")
    button, written = gr.Button("Write", variant="primary"), gr.Textbox(label="Written", lines=12)

    def answer(prompt: str, temperature: float, characters: int) -> Iterator[str]:
        from rnnzoo.serving.generating import stream

        text = prompt
        try:
            for piece in stream(run, prompt, temperature=float(temperature), characters=int(characters)):
                text += piece
                yield text
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from None

    button.click(answer, [prompt, temperature, characters], written)


def _forecasting(gr: Any, run: Any) -> None:
    columns, lookback = ", ".join(run.data.fitted["columns"]), run.data.inputs["sequence_length"]
    file = gr.File(label=f"A table like that of training (.csv): {columns}; {lookback} rows at least")
    clock = gr.Textbox(label="Its column with the time; empty: it has none", value=", ".join(run.data.time) or "date")
    button = gr.Button("Forecast", variant="primary")
    picture, table = gr.Plot(label="Forecast"), gr.Dataframe(label="The same in numbers")

    def answer(path: str | None, clock: str) -> Any:
        from rnnzoo.pictures.figures import as_it_is

        if path is None:
            raise InvalidValue("Give a table. Received: no file")
        data = copy(run.data)
        data.time = tuple(word.strip() for word in clock.split(",") if word.strip())
        raw = data.read_inputs(path)
        answers = run.predict(raw)
        return as_it_is(run.task.drawn(run, answers, raw)), run.task.tabulated(answers).map(
            lambda cell: rounded(cell) if isinstance(cell, float) else cell
        )

    button.click(_said(gr, answer), [file, clock], [picture, table])


def _numbers(gr: Any, run: Any) -> None:
    if run.data.name == DRAWN:
        with gr.Row():
            pad = gr.Sketchpad(
                label="Draw a digit", canvas_size=(280, 280), layers=False, transforms=(), type="numpy",
                elem_classes=PAD, scale=2, brush=gr.Brush(default_size=BRUSH, colors=["#000000"], color_mode="fixed"),
            )  # fmt: skip
            with gr.Column():
                button, read = gr.Button("Read", variant="primary"), gr.Label(label="Answer")
                gr.Markdown("What it reads, a row a step:")
                seen = gr.Image(show_label=False, height=180, width=180, buttons=[])
        button.click(_said(gr, lambda image: _read_drawing(run, image)), pad, [read, seen])
    with gr.Accordion("Numbers", open=run.data.name != DRAWN):
        rows = gr.Textbox(label="A sequence as JSON: a list of steps, each a list of numbers")
        button, label = gr.Button("Answer"), gr.Label(label="Answer")
    button.click(_said(gr, lambda text: _labels(run.predict([text])[0])), rows, label)


def _read_drawing(run: Any, image: dict[str, Any] | None) -> Any:
    picture = drawing(None if image is None else image["composite"])
    return _labels(run.predict([picture])[0]), np.kron(1 - picture, np.ones((20, 20)))


def drawing(image: np.ndarray | None, size: int = 8) -> np.ndarray:
    """Return a drawing as the digits of scikit-learn are: `(size, size)`, 0 to 1, the ink in the middle.

    Args:
        image: `(height, width, 4)`, dark on light or on nothing, 0 to 255; None is an empty pad.
    """
    from PIL import Image

    if image is None:
        ink = np.zeros((1, 1))
    else:
        rgba = np.asarray(image, "float64") / 255
        ink = (1 - rgba[..., :3].mean(-1)) * (rgba[..., 3] if rgba.shape[-1] == 4 else 1)
    rows, columns = np.nonzero(ink > 0.3)
    if not len(rows):
        raise InvalidValue("Draw a digit. Received: an empty pad")
    cut = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    side = max(cut.shape)
    square = np.zeros((side, side))
    top, left = (side - cut.shape[0]) // 2, (side - cut.shape[1]) // 2
    square[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    small = Image.fromarray((255 * square).astype("uint8")).resize((size, size), Image.Resampling.BOX)
    found = np.asarray(small, "float32") / 255
    return found / found.max()
