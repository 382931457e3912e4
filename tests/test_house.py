"""The house: small files in rooms, imports that point one way, tasks that are objects; and tests in the same rooms."""

import ast
import graphlib
import importlib
import itertools
import re
from pathlib import Path

import pytest

import rnnzoo

HOUSE = Path(rnnzoo.__file__).parent
TESTS = Path(__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
ROOMS = [  # from the lowest: a file imports from its own line and from those above it
    ("errors", "rounding", "files", "hyperparameters", "_lazy", "private", "checked", "notebook"),
    ("layers",),
    ("tasks",),  # the Keras half
    ("registry",),
    ("models",),
    ("builder", "weights", "rebuilding", "devices", "model_files", "sharing"),
    ("data",),
    ("inference", "inspecting"),
    ("tasks.judging",),
    ("pictures",),
    ("training",),
    ("search",),
    ("serving", "estimators", "testing"),
    ("cli",),
]
HEIGHT = {name: height for height, room in enumerate(ROOMS) for name in room}


def module_of(path):
    """Return a file's module: `rnnzoo.data` for `data/__init__.py`."""
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join(("rnnzoo", *(part for part in parts if part != "__init__")))


MODULES = {module_of(path): path for path in FILES}


def height(module):
    """Return where a module's room stands, by its first names within the package; None: in no room."""
    words = module.split(".")[1:3]
    return HEIGHT.get(".".join(words), HEIGHT.get(words[0]))


def only_for_types(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def statements(node, inside=False):
    """Yield every import below a node, and whether it stands in a function; what only type checkers read is none."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, inside
        elif not only_for_types(child):
            lazy = inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from statements(child, lazy)


def targets(statement, module):
    """Return the modules of the package that an import reads; a public name of `rnnzoo` is that of its home."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names if alias.name.split(".")[0] == "rnnzoo"]
    package = statement.module or ""
    if statement.level:
        here = module.split(".") if MODULES[module].name == "__init__.py" else module.split(".")[:-1]
        package = ".".join([*here[: len(here) - statement.level + 1], *package.split(".")]).rstrip(".")
    if package.split(".")[0] != "rnnzoo":
        return []
    found = (f"{package}.{alias.name}" for alias in statement.names)
    if package == "rnnzoo":
        return [name if name in MODULES else rnnzoo._HOME.get(name.removeprefix("rnnzoo."), "rnnzoo") for name in found]
    return [name if name in MODULES else package for name in found]


def arrows():
    """Return every `(from module, to module, file:line, whether it stands in a function)` within the package."""
    found = []
    for module, path in MODULES.items():
        if module == "rnnzoo":
            continue  # the public names, each from its home on first use
        for statement, inside in statements(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(HOUSE.parent)}:{statement.lineno}"
            found += [(module, to, place, inside) for to in dict.fromkeys(targets(statement, module)) if to != module]
    return found


def allowed(module, to, inside):
    """Tell whether an arrow stays level or points down; tasks call on judges and pictures once there is a run."""
    called = to.startswith(("rnnzoo.tasks.judging", "rnnzoo.pictures"))
    if inside and called and re.fullmatch(r"rnnzoo\.tasks(\.\w+)?", module):
        return True
    ends = height(module), height(to)
    return None not in ends and ends[0] >= ends[1]


def test_imports_point_one_way():
    wrong = [f"{place}: {module} -> {to}" for module, to, place, inside in arrows() if not allowed(module, to, inside)]
    assert not wrong, "\n".join(["from a lower room to a higher one, or to what has no room:", *wrong])


def test_every_module_has_a_room():
    lost = [module for module in MODULES if module != "rnnzoo" and height(module) is None]
    assert not lost, "name it in ROOMS"


def test_no_modules_import_each_other_in_circles():
    eager = [(module, to, place) for module, to, place, inside in arrows() if not inside and to in MODULES]
    graph = {module: {to for begin, to, _ in eager if begin == module} for module in MODULES}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle = error.args[1][::-1]  # each module imports the next
        steps = [
            f"{place}: {begin} -> {to}"
            for pair in itertools.pairwise(circle)
            for begin, to, place in eager
            if (begin, to) == pair
        ]
        pytest.fail("\n".join(["modules that import each other:", *steps]))


def test_the_reader_of_imports_sees_what_python_imports():
    """Else the tests above would pass for want of arrows."""
    found = arrows()
    assert len(found) > len(MODULES)
    assert {to for _, to, _, _ in found} - MODULES.keys() <= {"rnnzoo"}
    lines = (
        "if TYPE_CHECKING:",
        "    import rnnzoo.cli",
        "import rnnzoo.files",
        "def f():",
        "    from rnnzoo import build, layers",
    )
    source = "\n".join(lines)
    read = [(targets(node, "rnnzoo.builder"), inside) for node, inside in statements(ast.parse(source))]
    assert read == [(["rnnzoo.files"], False), (["rnnzoo.builder", "rnnzoo.layers"], True)]
    relative = ast.parse("from . import recipe\nfrom ..data import splits\n").body
    assert [targets(node, "rnnzoo.training.runs") for node in relative] == [
        ["rnnzoo.training.recipe"],
        ["rnnzoo.data.splits"],
    ]
    assert not allowed("rnnzoo.layers.part", "rnnzoo.registry", True)
    assert allowed("rnnzoo.tasks.tagging", "rnnzoo.tasks.judging.measures", True)
    assert not allowed("rnnzoo.tasks.tagging", "rnnzoo.tasks.judging.measures", False)


def test_files_are_short():
    lengths = {str(path.relative_to(HOUSE.parent)): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert not {name: count for name, count in lengths.items() if count > 300}


def test_folders_are_small():
    """Of their own files; a data set of `builders` is a folder each."""
    count = {}
    for path in FILES:
        if "builders" not in path.parts:
            count.setdefault(str(path.parent.relative_to(HOUSE.parent)), []).append(path.name)
    assert not {folder: names for folder, names in count.items() if len(names) > 12}


def is_task(node):
    """Tell whether this is `task`, `....task` or `...["task"]`."""
    key = node.slice if isinstance(node, ast.Subscript) else None
    names = getattr(node, "id", None), getattr(node, "attr", None), getattr(key, "value", None)
    return "task" in names


def is_name_of_a_task(node):
    """Tell whether it holds words or a constant: "tagging", ("tagging", "translation"), STEP_TASKS; TASKS are all."""
    words = [getattr(part, "value", None) for part in ast.walk(node)]
    constants = [getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(node)]
    return any(isinstance(word, str) for word in words) or any(c.isupper() and c != "TASKS" for c in constants)


def tasks_asked_by_name(source):
    """Return the lines with comparisons like `task == "tagging"` and `recipe.task in STEP_TASKS`."""
    compared = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Compare)]
    sides = ((node, [node.left, *node.comparators]) for node in compared)
    return [node.lineno for node, both in sides if any(map(is_task, both)) and any(map(is_name_of_a_task, both))]


def test_only_tasks_know_tasks_by_name():
    """Elsewhere a task is an object that is asked for what it does."""
    asking = 'task == "a"', 'run.task != "a"', 'config["task"] in ("a", "b")', "task not in STEPS", '"a" == task'
    assert all(tasks_asked_by_name(line) == [1] for line in asking)
    assert not tasks_asked_by_name("[task for task in info.tasks if task in info.tasks and info.task != task]")
    found = [
        f"{path.relative_to(HOUSE.parent)}:{number}"
        for path in FILES
        if path.relative_to(HOUSE).parts[0] != "tasks"
        for number in tasks_asked_by_name(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_the_tests_have_the_rooms_of_the_package():
    beside = {
        "recipes",
        "examples",
        "fixtures",
        "fuzz",
        "campaigns",
    }  # scripts; runs of before; what is tried at random
    rooms = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    strange = [str(room) for room in rooms if not (HOUSE / room).is_dir() and room.parts[0] not in beside]
    assert not strange
    tested = {path.parts[0] for path in rooms if path.parts}
    rooms = {path.parent.name for path in HOUSE.glob("*/__init__.py")} - {"private"}  # tests/test_private.py
    assert rooms <= tested


def test_public_names_are_where_they_are_said_to_be():
    for name, home in rnnzoo._HOME.items():
        assert home in MODULES
        assert hasattr(importlib.import_module(home), name)
