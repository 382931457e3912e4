"""What MkDocs asks while it builds the site: pages and files from elsewhere in the checkout, formulas, links.

The pages of `docs/` read well on their own. Here they get what the registry and the results know.
"""

import posixpath
import re
from pathlib import Path

import api_pages
import latex2mathml.converter
import model_pages
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "recipes/results/**/*", "benchmarks/results/*")
"""Files of the checkout that are part of the site, under the same address."""


WIDE = ("results.md", "benchmarks.md", "memory.md", "recipes/results/leaderboard.md")
"""Pages with wide tables, which take the room of the table of contents."""


def on_config(config):
    """Name the pages of the models' families and of the lessons in the navigation."""
    families = [f"models/{path.stem}.md" for path in sorted((ROOT / "docs" / "models").glob("*.md"))]
    index = ROOT / "docs" / "lessons" / "index.md"
    lessons = re.findall(r"\]\((\w+\.md)\)", index.read_text(encoding="utf-8"))
    for section in config.nav:
        if "Models" in section:
            section["Models"] = ["models/index.md", *(page for page in families if page != "models/index.md")]
        if "Lessons" in section:
            section["Lessons"] = [f"lessons/{page}" for page in ("index.md", *lessons)]  # in the order of the index
    return config


def on_files(files, config):
    """Add what lies beside `docs`, and the pages of the programming interface."""
    for pattern in BESIDE:
        for path in filter(Path.is_file, sorted(ROOT.glob(pattern))):
            files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    for name, text in api_pages.pages().items():
        files.append(File.generated(config, f"api/{name}.md", content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Fill in what is generated, and turn formulas into MathML, which browsers draw themselves."""
    source = page.file.src_uri
    if source in WIDE:
        page.meta["hide"] = ["toc"]
    if source.startswith("models/") and source != "models/index.md":
        markdown = model_pages.filled(markdown)
    here = posixpath.dirname(source if source.partition("/")[0] in _beside() else f"docs/{source}")
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else _formulas(_links(part, here, source, files)) for part in parts)


def _beside():
    return {pattern.partition("/")[0] for pattern in BESIDE}


def _links(text, here, source, files):
    """Links of the checkout become links of the site; code that the site does not have keeps its words alone."""

    def link(match):
        mark, words, target = match.groups()
        if re.match(r"\w+:|#", target):
            return match[0]
        path, _, anchor = target.partition("#")
        found = posixpath.normpath(posixpath.join(here, path)).removeprefix("docs/")
        if files.get_file_from_path(found) is None:
            return words
        relative = posixpath.relpath(found, posixpath.dirname(source) or ".")
        return f"{mark}[{words}]({relative}{'#' + anchor if anchor else ''})"

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", link, text)


def _formulas(text):
    def formula(display):
        # Markdown takes what begins a line with <math> for a block of its own: nothing wide stands before it.
        before = "&#8288;" if display == "inline" else ""
        return lambda match: before + latex2mathml.converter.convert(match[1].strip(), display=display)

    pieces = re.split(r"(`[^`]*`)", text)
    for i, piece in enumerate(pieces):
        if not piece.startswith("`"):
            piece = re.sub(r"\$\$(.+?)\$\$", formula("block"), piece, flags=re.DOTALL)
            pieces[i] = re.sub(r"(?<![\\$\w])\$([^$\n]+?)\$(?![\d\w])", formula("inline"), piece)
    return "".join(pieces)
