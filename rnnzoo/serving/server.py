"""A run over HTTP: `POST /predict`, `POST /generate` for language models, `GET /health`, and an OpenAPI page, `/docs`.

One thread asks the model. What comes in while it is busy waits, and is answered together.
"""

import asyncio
import concurrent.futures
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated, Any

from rnnzoo.data.text.vocabulary import FIRST
from rnnzoo.errors import UserError

LARGEST, MOST, LONGEST = 2**20, 512, 2000
"""Bytes of a request, inputs in it, and tokens to generate."""
TOGETHER = 256
"""Inputs that are answered at once."""
WAITING = 4096
"""Requests that wait; beyond, the server says that it is busy."""


@dataclass
class _Asked:
    """A request that waits for its answer."""

    inputs: list[Any]
    options: dict[str, Any]
    answer: "asyncio.Future[list[dict[str, Any]]]" = field(default_factory=lambda: _loop().create_future())


class Desk:
    """Where requests wait for the one thread that asks the model.

    Args:
        run: A `rnnzoo.training.runs.Run`.
    """

    def __init__(self, run: Any):
        self.run, self.answered = run, 0
        self.waiting: asyncio.Queue[_Asked] = asyncio.Queue(WAITING)
        self.thread = concurrent.futures.ThreadPoolExecutor(1, "model")

    async def ask(self, inputs: list[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the answers to inputs, once it is their turn.

        Raises:
            asyncio.QueueFull: Too many wait already.
            ValueError, TypeError: The model cannot read an input, or has no such option.
        """
        asked = _Asked(inputs, options)
        self.waiting.put_nowait(asked)
        return await asked.answer

    async def work(self) -> None:
        """Answer whatever waits, until cancelled."""
        while True:
            together = [await self.waiting.get()]
            count = len(together[0].inputs)
            while not self.waiting.empty() and count < TOGETHER:
                together.append(self.waiting.get_nowait())
                count += len(together[-1].inputs)
            for group in _alike(together):
                await self._answer(group)

    async def _answer(self, group: list[_Asked]) -> None:
        """Answer requests with the same options at once; if an input is wrong, each request by itself."""
        try:
            raw = [item for asked in group for item in asked.inputs]
            found = iter(await self.on_thread(lambda: self.run.predict(raw, **group[0].options)))
            for asked in group:
                answers = [next(found) for _ in asked.inputs]
                self.answered += len(answers)
                _give(asked, answers)
        except Exception as error:
            if len(group) == 1 or not isinstance(error, UserError):
                for asked in group:
                    _give(asked, error)
                return
            for asked in group:
                await self._answer([asked])

    async def on_thread(self, call: Callable[[], Any]) -> Any:
        """Run something on the model's thread."""
        return await _loop().run_in_executor(self.thread, call)


def make_app(run: Any, *, largest: int = LARGEST, warm: bool = True) -> Any:
    """Return a FastAPI application that answers by a run.

    Args:
        run: A `rnnzoo.training.runs.Run`.
        largest: Bytes of a request.
        warm: Whether to answer inputs of many lengths before the first request, which would wait for it otherwise.

    Raises:
        UserError: FastAPI is missing.
    """
    try:
        import fastapi
        from fastapi.exceptions import RequestValidationError
        from fastapi.responses import JSONResponse
        from pydantic import BaseModel, Field
        from starlette.exceptions import HTTPException
    except ImportError as error:
        raise UserError(f"Serving needs {error.name}: pip install 'rnnzoo[serve]'. Received: serve") from error

    writes = "generate" in run.task.commands

    @contextlib.asynccontextmanager
    async def life(app: Any) -> AsyncIterator[None]:
        app.state.desk = desk = Desk(run)
        if warm:
            await desk.on_thread(lambda: warm_up(run))
        worker = asyncio.create_task(desk.work())
        yield
        worker.cancel()
        desk.thread.shutdown(cancel_futures=True)

    app = fastapi.FastAPI(title=f"rnnzoo: {run.place.name}", version=version("rnnzoo"), lifespan=life)
    app.add_middleware(_Limit, largest=largest)

    class Inputs(BaseModel):
        inputs: Annotated[list[Any], Field(min_length=1, max_length=MOST, description="Texts, or sequences.")]
        options: dict[str, Any] = Field({}, description="Of the task's answers, such as beam.")

    class Prompt(BaseModel):
        prompt: str
        characters: int = Field(200, ge=1, le=LONGEST)
        temperature: float = Field(0.8, ge=0)
        top_k: int | None = Field(None, ge=1)
        seed: int | None = Field(None, ge=0)

    if writes:

        @app.post("/generate")
        async def generate(asked: Prompt) -> dict[str, str]:
            """Go on with a text."""
            from rnnzoo.serving.generating import generate as go_on

            return {"text": await app.state.desk.on_thread(lambda: go_on(run, **asked.model_dump()))}

    else:

        @app.post("/predict")
        async def predict(asked: Inputs) -> dict[str, list[dict[str, Any]]]:
            """Answer inputs, in their order."""
            return {"answers": await app.state.desk.ask(asked.inputs, asked.options)}

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Tell what is served."""
        told = {"run": run.place.name, "model": run.config["model"], "task": run.config["task"]}
        return {"status": "ok", **told, "answered": app.state.desk.answered}

    def said(status: int, error: Any) -> Any:
        return JSONResponse({"error": str(error)}, status)

    def not_as_asked(_: Any, error: Any) -> Any:
        first = error.errors()[0]
        return said(422, f"{'.'.join(map(str, first['loc'][1:])) or 'body'}: {first['msg']}")

    app.add_exception_handler(UserError, lambda _, error: said(422, error))
    app.add_exception_handler(RequestValidationError, not_as_asked)
    app.add_exception_handler(HTTPException, lambda _, error: said(error.status_code, error.detail))
    app.add_exception_handler(Exception, lambda *_: said(500, "the server failed; its log says where"))
    app.add_exception_handler(asyncio.QueueFull, lambda *_: said(503, "busy: too many requests wait; try again later"))
    return app


def warm_up(run: Any) -> None:
    """Answer inputs of many lengths, so that no request waits for a compilation."""
    if "generate" in run.task.commands:
        return
    longest = run.data.fitted.get("sequence_length") or 64
    lengths = sorted({*(2**k for k in range(3, 12) if 2**k < longest), longest})
    inputs = run.data.inputs
    for length in lengths if "vocabulary_size" in inputs or "sequence_length" not in inputs else [longest]:
        for count in (1, 2, 64):
            with contextlib.suppress(UserError):
                run.predict([_example(run.data, length)] * count)


def _example(data: Any, length: int) -> Any:
    """Return a raw input of so many steps."""
    if "vocabulary_size" in data.inputs and hasattr(data, "vocabulary"):
        tokens = getattr(data.vocabulary, "tokens", None) or ["a"]
        of_pairs = callable(tokens)  # a tokenizer's
        word = data.vocabulary.text([data.vocabulary.first]) or "a" if of_pairs else tokens[min(len(tokens) - 1, FIRST)]
        return ("" if getattr(data, "tokens", "words") == "characters" else " ").join([word] * length)
    features = data.inputs.get("features", 1)
    return [[0.0] * features for _ in range(length)]


def serve(run: Any, host: str = "127.0.0.1", port: int = 8000, *, largest: int = LARGEST) -> None:
    """Answer over HTTP until stopped by a signal (Ctrl-C, SIGTERM).

    Nobody is asked who they are: give another host than this machine's own only behind something that does.

    Args:
        run: A `rnnzoo.training.runs.Run`.
        host: By default this machine alone.
        port: 0 takes a free one.
        largest: Bytes of a request.

    Raises:
        UserError: FastAPI or uvicorn is missing.
    """
    app = make_app(run, largest=largest)
    try:
        import uvicorn
    except ImportError as error:
        raise UserError("Serving needs uvicorn: pip install 'rnnzoo[serve]'. Received: serve") from error
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn stops by them, and then raises them once more
        signal.signal(number, lambda *_: None)
    uvicorn.run(app, host=host, port=port, log_level="info", access_log=False)


class _Limit:
    """Refuse the body of a request that is larger than `largest` bytes, while it comes in."""

    def __init__(self, app: Any, largest: int):
        self.app, self.largest = app, largest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.exceptions import HTTPException

        seen = 0

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.largest:
                raise HTTPException(413, f"a request has at most {self.largest:,} bytes")
            return message

        await self.app(scope, counted if scope["type"] == "http" else receive, send)


def _alike(together: list[_Asked]) -> list[list[_Asked]]:
    """Group requests by their options."""
    groups: dict[str, list[_Asked]] = {}
    for asked in together:
        groups.setdefault(repr(sorted(asked.options.items())), []).append(asked)
    return list(groups.values())


def _give(asked: _Asked, found: Any) -> None:
    """Give an answer or an error to a request, if it still waits."""
    if asked.answer.done():
        return
    if isinstance(found, Exception):
        asked.answer.set_exception(found)
    else:
        asked.answer.set_result(found)


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
