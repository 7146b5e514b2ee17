"""The house keeps its own rules: layers, types, style, and what is documented."""

import ast
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import deploys
from deploys.mail.settings.inventory import known_keys
from tests.conftest import SLOWEST

ROOT = Path(__file__).parents[1]
# What a room may import of the others; `mail` is the ground and imports none, and `api` joins all.
BELOW = {
    "api": {"mail", "dns", "run", "draft", "host", "zones", "checks"},
    "draft": {"mail"},
    "mail": set(),
    "dns": {"mail", "run"},
    "run": {"mail"},
    "host": {"mail", "run"},
    "zones": {"mail", "dns", "run"},
    "checks": {"mail", "dns", "run"},
    "lab": {"mail", "dns", "run"},
}
# What a folder of a room may import of the room's others; the modules beside the folders, anything.
_FAMILY = {"core", "clients"}
INSIDE = {
    "checks": {
        "core": set(),
        "clients": {"core"},
        "dns": _FAMILY,
        "smtp": _FAMILY,
        "delivery": _FAMILY,
        "host": _FAMILY,
        "imap": _FAMILY,
        "reputation": _FAMILY,
        "reports": _FAMILY,
        "causes": {"core"},
        "report": {"core", "causes"},
        "page": {"core", "causes", "report"},
        "list": {"core", "clients", "report", "page"},
        "run": _FAMILY
        | {"dns", "smtp", "imap", "delivery", "host", "reputation", "reports", "report"},
        "timer": set(),
    },
    "host": {
        "model": set(),
        "agent": {"model"},
        "programs": set(),
        "bulk": {"programs"},
        "reader": set(),
        "dkim": {"model"},
        "tls": {"model"},
        "services": {"model", "dkim", "tls"},
        "receivers": {"programs"},
        "transport": {"model", "services"},
    },
    "zones": {
        "model": set(),
        "providers": {"model"},
        "merge": {"model"},
        "ownership": {"model", "providers"},
        "propagation": {"model"},
    },
}
# Folders of like things, such as one module per standard or per check; others stay small.
ALIKE = {
    *("mail", "mail/settings/consequences", "host/services"),
    *("checks/dns", "checks/smtp", "checks/delivery", "checks/host"),
}
MODULES = 13  # "about twelve"
# The field's own nouns that end as a verb's form does.
TERMS = {"existing", "finding", "greeting", "netstring", "smuggling", "shaping"}
# Knowledge is pure: it neither drives hosts nor asks the network.
FORBIDDEN_IN_MAIL = {"pyinfra", "octodns", "socket", "requests", "smtplib", "gevent"}


# Files and folders that keep to the words of docs/glossary.md.
WORDED = (
    *("deploys", "templates", "docs", "inventories/example"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
)
UNUSED = "## Words that are not used"
QUESTION_WORDS = ("Who ", "What ", "Whether ", "Which ", "Where ")


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> frozenset[str]:
    """Return every name that a module imports, as an absolute one; a module is parsed once."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *((node.module,) if node.module else ())))
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", BELOW)
def test_nothing_imports_upward(room: str) -> None:
    for path in modules(f"deploys/{room}"):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("deploys.")}

        assert used - {room} <= BELOW[room], path


@pytest.mark.parametrize(
    ("room", "folder"), [(room, folder) for room, table in INSIDE.items() for folder in table]
)
def test_nothing_imports_upward_inside_a_room(room: str, folder: str) -> None:
    folders = {path.parent.name for path in (ROOT / "deploys" / room).glob("*/__init__.py")}
    beside = {path.stem for path in (ROOT / "deploys" / room).glob("*.py")} - {"__init__"}

    assert set(INSIDE[room]) == folders
    for path in modules(f"deploys/{room}/{folder}"):
        used = {name.split(".")[2] for name in imports(path) if name.startswith(f"deploys.{room}.")}

        assert used & (folders | beside) - {folder} <= INSIDE[room][folder], path


def inside(room: str) -> Iterator[tuple[Path, str, str]]:
    """Yield each import within a room: the module, its folder and the one that it imports from.

    A module at the top of a room stands for itself.
    """
    top = ROOT / "deploys" / room
    for path in modules(f"deploys/{room}"):
        for name in imports(path):
            parts = name.split(".")
            if parts[:2] == ["deploys", room] and len(parts) > 2:
                own = path.relative_to(top).with_suffix("").parts[0]
                yield path, own, parts[2]


@pytest.mark.parametrize("room", BELOW)
def test_no_room_has_a_circle(room: str) -> None:
    graph = defaultdict(set)
    for _, own, other in inside(room):
        if own not in (other, "__init__"):
            graph[own].add(other)

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(f"{room}: {' -> '.join(circle.args[1])}", pytrace=False)


def test_a_folder_holds_about_twelve_modules() -> None:
    sizes = Counter(
        str(path.parent.relative_to(ROOT / "deploys"))
        for path in modules("deploys")
        if not path.name.startswith("__")
    )

    assert not {f: size for f, size in sizes.items() if size > MODULES and f not in ALIKE}


def test_a_module_is_a_noun() -> None:
    verbs = {path.stem for path in modules("deploys") if path.stem.endswith("ing")}

    assert verbs <= TERMS


def test_knowledge_of_mail_is_pure() -> None:
    for path in modules("deploys/mail"):
        assert not FORBIDDEN_IN_MAIL & {name.split(".")[0] for name in imports(path)}, path


def test_standards_that_the_settings_are_made_of_do_not_know_the_settings() -> None:
    settings = "deploys.mail.settings"
    used = {name for path in modules("deploys/mail/settings") for name in imports(path)}
    standards = [
        path
        for path in (ROOT / "deploys/mail").glob("*.py")
        if any(f"{name}.".startswith(f"deploys.mail.{path.stem}.") for name in used)
    ]

    assert standards
    for path in standards:
        assert not [name for name in imports(path) if name.startswith(settings)], path


def test_an_entry_script_is_a_docstring_and_two_lines() -> None:
    for path in (ROOT / "deploys").glob("[!_]*.py"):
        _, imported, called = parsed(path).body

        assert isinstance(imported, ast.ImportFrom), path
        assert ast.unparse(called) == f"{path.stem}()"


def test_every_public_deploy_has_an_entry_script_in_the_clone() -> None:
    scripts = {path.stem for path in (ROOT / "deploys").glob("[!_]*.py")} - {"lab"}
    public = set(deploys.__all__) - {"command", "env", "file", "check_first"}

    assert (
        scripts
        == public
        == {path.stem for path in modules("deploys/api")} - {"__init__", "mistakes"}
    )


@pytest.mark.parametrize("name", deploys.__all__)
def test_a_public_name_is_imported_at_its_first_use(name: str) -> None:
    assert getattr(deploys, name).__name__ == name


def test_a_name_that_is_not_public_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'sites'"):
        _ = deploys.sites


def test_every_setting_stands_in_the_example_inventory_and_nothing_else_does() -> None:
    text = "\n".join(path.read_text() for path in modules("inventories/example"))
    written = {
        word.strip("\"' :=,")
        for word in text.split()
        if word.strip("\"'").startswith(("mail_", "verify_"))
    }
    written = {word.split(":")[0].split("[")[0] for word in written}

    assert written == set(known_keys())


def worded_files() -> Iterator[Path]:
    for name in WORDED:
        path = ROOT / name
        files = path.rglob("*") if path.is_dir() else (path,)
        yield from sorted(
            file
            for file in files
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".png"
        )


def sentences(path: Path) -> Iterator[str]:
    """Yield the strings and docstrings of a module, or the whole text of another file."""
    text = path.read_text().partition(UNUSED)[0]
    if path.suffix != ".py":
        yield text
        return
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def unused_words() -> list[str]:
    table = (ROOT / "docs/glossary.md").read_text().partition(UNUSED)[2]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    return [word.strip() for cell in cells[1:] for word in cell.split(",")]


def test_words_that_are_not_used_stand_nowhere() -> None:
    words = "|".join(map(re.escape, unused_words()))
    unused = re.compile(rf"(?<![\w-])({words})(?![\w-])", re.IGNORECASE)
    found = {
        f"{path.relative_to(ROOT)}: {text[max(0, match.start() - 40) : match.end()]}"
        for path in worded_files()
        for text in (" ".join(sentence.split()) for sentence in sentences(path))
        for match in unused.finditer(text)
    }

    assert not found


def test_a_docstring_begins_with_its_noun_or_verb() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {first}"
        for path in worded_files()
        if path.suffix == ".py"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if (first := (ast.get_docstring(node) or "").partition("\n")[0])
        if first.startswith(QUESTION_WORDS) and not first.endswith("?")
    }

    assert not found


@pytest.mark.parametrize(
    "tool",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy", "."),
    ],
    ids=lambda tool: " ".join(tool[:2]),
)
def test_style_and_types_are_clean(tool: tuple[str, ...]) -> None:
    done = subprocess.run(
        (sys.executable, "-m", *tool), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_files_that_begin_first_are_there() -> None:
    assert [one for one in SLOWEST if not (ROOT / "tests" / one).exists()] == []


CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "time"}


def reads_clock(node: ast.AST) -> bool:
    """Return whether a piece of code asks the module `time` what time it is."""
    return any(
        isinstance(one, ast.Attribute)
        and one.attr in CLOCKS
        and isinstance(one.value, ast.Name)
        and one.value.id == "time"
        for one in ast.walk(node)
    )


def timed(tree: ast.AST) -> Iterator[int]:
    """Yield the lines at which something is worked out or asserted from a clock."""
    clocks = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and reads_clock(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.Compare | ast.Assert) and (
            reads_clock(node)
            or any(isinstance(one, ast.Name) and one.id in clocks for one in ast.walk(node))
        ):
            yield node.lineno


def test_no_test_asserts_a_clock() -> None:
    """Timing belongs in scripts/bench: a busy machine must fail no test."""
    texts = {path: path.read_text() for path in modules("tests")}
    found = [
        f"{path}:{line}"
        for path, text in texts.items()
        if "import time" in text
        for line in timed(parsed(path))
    ]

    assert found == []


def types(path: Path) -> Iterator[str]:
    """Yield the names of a module's classes and type aliases; type variables are no types."""
    for node in parsed(path).body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec"))):
                continue
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if re.fullmatch("[A-Z][A-Za-z]*[a-z][A-Za-z]*", name):
                    yield name


def test_the_name_of_a_class_or_a_type_alias_means_one_thing() -> None:
    names = Counter(name for path in modules("deploys") for name in types(path))

    assert not [name for name, count in names.items() if count > 1 and not name.startswith("_")]


def test_a_type_alias_has_a_name_and_a_constant_and_a_type_variable_have_none(
    tmp_path: Path,
) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'MOST = 4\nName = str | None\nResult = TypeVar("Result")\n'
        "Step: TypeAlias = int\nclass Key: ...\n"
    )

    assert [*types(module)] == ["Name", "Step", "Key"]


@pytest.mark.parametrize("name", ["example", "fake", "lab"])
def test_the_inventories_of_the_project_are_not_ignored_by_git(name: str) -> None:
    assert not ignored(f"inventories/{name}/inventory.py")


@pytest.mark.parametrize("name", ["mine/inventory.py", "mine.py", "example.org/group_data/all.py"])
def test_private_inventories_are_ignored_by_git(name: str) -> None:
    assert ignored(f"inventories/{name}")


def ignored(path: str) -> bool:
    command = ("git", "check-ignore", "--no-index", "--quiet", path)
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0
