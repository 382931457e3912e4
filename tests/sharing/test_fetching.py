"""Runs from the web and from the Hub, against a stand-in on loopback that lays files out as the Hub does."""

import base64
import hashlib
import http.server
import json
import re
import threading
import urllib.parse

import pytest
from refusals import one_sentence, refused

import rnnzoo
from rnnzoo import cli
from rnnzoo.sharing import fetching

hub_library = pytest.importorskip("huggingface_hub")
INPUTS = [[[0.0, 1.0], [1.0, -1.0]]]


class Hub(http.server.BaseHTTPRequestHandler):
    """The parts of the Hub's interface that pushing and fetching use; files by `user/name`."""

    files: dict = {}  # noqa: RUF012

    def log_message(self, *_):
        """Say nothing."""

    def answer(self, content, status=200, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlparse(self.path).path)
        if path.startswith("/plain/"):
            return self.answer(self.files[path.removeprefix("/plain/")])
        if found := re.fullmatch(r"/([\w.-]+/[\w.-]+)/resolve/([\w.-]+)/(.+)", path):
            content = self.files.get(found[1], {}).get(found[3])
            if content is None:
                return self.answer({"error": "Repository not found"}, 404, X_Error_Code="RepoNotFound")
            etag = hashlib.sha1(content).hexdigest()
            return self.answer(content, ETag=f'"{etag}"', X_Repo_Commit="0" * 40)
        if found := re.fullmatch(r"/api/models/([\w.-]+/[\w.-]+)(/revision/[\w.-]+)?", path):
            names = [{"rfilename": name} for name in self.files.get(found[1], {})]
            return self.answer({"id": found[1], "sha": "0" * 40, "siblings": names, "private": False, "tags": []})
        return self.answer({"error": "unknown"}, 404)

    do_HEAD = do_GET

    def do_POST(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urllib.parse.urlparse(self.path).path
        if path == "/api/repos/create":
            asked = json.loads(content)
            name = f"{asked.get('organization', 'me')}/{asked['name']}"
            self.files.setdefault(name, {})
            return self.answer({"url": f"{self.server.address}/{name}", "name": name})
        if path == "/api/validate-yaml":
            return self.answer({"errors": [], "warnings": []})
        found = re.fullmatch(r"/api/models/([\w.-]+/[\w.-]+)/(preupload|commit)/[\w.-]+", path)
        if not found:
            return self.answer({"error": "unknown"}, 404)
        if found[2] == "preupload":
            names = [file["path"] for file in json.loads(content)["files"]]
            return self.answer({"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]})
        for line in map(json.loads, content.splitlines()):
            if line["key"] == "file":
                self.files[found[1]][line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        return self.answer(
            {"success": True, "commitOid": "0" * 40, "commitUrl": f"{self.server.address}/{found[1]}/commit/{'0' * 40}"}
        )


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Start the stand-in; the libraries believe that it is the Hub."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Hub.files = {}
    from huggingface_hub import constants, file_download, hf_api

    for module in (constants, file_download, hf_api):
        for name in ("ENDPOINT", "HUGGINGFACE_CO_URL_TEMPLATE", "HF_HUB_CACHE"):
            if hasattr(module, name):
                value = {"ENDPOINT": server.address, "HF_HUB_CACHE": str(tmp_path / "hub")}.get(
                    name, server.address + "/{repo_id}/resolve/{revision}/{filename}"
                )
                monkeypatch.setattr(module, name, value)
    monkeypatch.setenv("HF_TOKEN", "hf_none")
    yield server
    server.shutdown()
    server.server_close()


def test_a_run_goes_to_the_hub_and_comes_back(finished, hub, capsys):
    assert rnnzoo.push(finished, "hf://me/small") == f"{hub.address}/me/small"
    assert set(Hub.files["me/small"]) == {"README.md", "model.rnnzoo"}
    card = Hub.files["me/small"]["README.md"].decode()
    assert card.startswith('---\nlibrary_name: "rnnzoo"\n')
    for words in ("## Licence and limits", 'rnnzoo.load("hf://me/small")', "| test | accuracy |", "`mlp`"):
        assert words in card
    assert hub_library.ModelCard(card).data.model_name == "small"  # the Hub's own reader
    assert rnnzoo.load("hf://me/small").predict(INPUTS) == finished.predict(INPUTS)
    assert rnnzoo.load("hf://me/small@main").place.name == "small"
    model = rnnzoo.build("mlp", weights="hf://me/small", outputs=4)
    assert model.output_shape == (None, 4)
    capsys.readouterr()
    cli.entry_point(["push", str(finished.folder), "hf://me/other", "--compact"])
    assert "me/other" in capsys.readouterr().out
    assert len(Hub.files["me/other"]["model.rnnzoo"]) < len(Hub.files["me/small"]["model.rnnzoo"])


def test_a_damaged_run_of_the_hub(finished, hub):
    rnnzoo.push(finished, "hf://me/small")
    Hub.files["me/small"]["model.rnnzoo"] = b"PK" + bytes(100)
    one_sentence(lambda: rnnzoo.load("hf://me/small"), "no run that rnnzoo packed")


def test_what_a_missing_network_means(hub, finished, capsys, monkeypatch):
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)  # between its trials
    assert "network" in one_sentence(lambda: rnnzoo.load("hf://me/nothing"), "Nothing came of it")
    hub.shutdown()
    hub.server_close()
    for call in (lambda: rnnzoo.load("hf://me/gone"), lambda: rnnzoo.push(finished, "hf://me/gone")):
        assert "network" in one_sentence(call, "Nothing came of it")
    assert "Nothing came of it" in refused(capsys, cli.entry_point, ["predict", "hf://me/gone", "x"])


def test_addresses(finished):
    for address in ("hf://me", "hf://me/a/b", "hf://", "ftp://me/a", "http://example.org/a.rnnzoo", "hf://../x"):
        one_sentence(lambda address=address: rnnzoo.load(address), "Received")
    one_sentence(lambda: rnnzoo.load("https://example.org/a.rnnzoo"), "checksum")
    one_sentence(lambda: rnnzoo.load("https://example.org/a.rnnzoo", sha256="abc"), "checksum")
    one_sentence(lambda: rnnzoo.load("hf://me/a", sha256="0" * 64), "from the web")
    one_sentence(lambda: rnnzoo.load(finished.folder, sha256="0" * 64), "from the web")


def test_a_file_of_the_web_is_what_its_checksum_says(finished, hub, tmp_path, monkeypatch):
    """Fetched once; the stand-in speaks http, which users' addresses may not."""
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)
    packed = rnnzoo.pack(finished, tmp_path / "small.rnnzoo").read_bytes()
    Hub.files["small.rnnzoo"] = packed
    address = f"{hub.address}/plain/small.rnnzoo"
    right = hashlib.sha256(packed).hexdigest()
    assert fetching._from_web(address, right).read_bytes() == packed
    Hub.files["small.rnnzoo"] = b"another"
    assert fetching._from_web(address, right).read_bytes() == packed  # kept
    assert "another" in one_sentence(lambda: fetching._from_web(address, "0" * 64), "checksum")


@pytest.mark.parametrize("library", ["huggingface_hub", "pooch"])
def test_a_missing_library_is_named(library, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, library, None)
    address, checksum = ("hf://me/a", None) if library != "pooch" else ("https://example.org/a", "0" * 64)
    one_sentence(lambda: rnnzoo.load(address, sha256=checksum), r"pip install 'rnnzoo\[hub\]'")
