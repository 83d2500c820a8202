"""``sextant ask``, ``chat`` and ``index``: answers offline and at once, through a pipe too; other commands load nothing of it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from assistant_service import CREDIT, DAY, Asked

from assistant import cli
from kg_service.deployment import read_deployment
from kg_service.model import Knowledge

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("langchain", "langchain_core", "chromadb", "onnxruntime", "tantivy", "tokenizers", "numpy", "fastapi", "openai")


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Sextant = Callable[..., Said]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture
def sextant(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Sextant:
    """Runs the command line as `sextant ...` does."""
    for name in [name for name in os.environ if name.startswith("SEXTANT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SEXTANT_CACHE", str(folder / "cache"))
    monkeypatch.setenv("SEXTANT_DATA", str(folder / "data"))
    monkeypatch.setenv("SEXTANT_EMBEDDINGS", "none")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, stdin: str | bytes = b"") -> Said:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "argv", ["sextant", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        with pytest.raises(SystemExit) as caught:
            cli.main()
        code = caught.value.code
        return Said(code if isinstance(code, int) else 0, *capfd.readouterr())

    return run


def _words(text: str) -> str:
    return " ".join(text.split())


def test_question_of_the_issue_is_answered_in_words(sextant: Sextant) -> None:
    """What was understood, obligations with dates and pinpoints, sources, and the facts to tell next."""
    said = sextant("ask", CREDIT, "--as-of", DAY)
    text = _words(said.out)
    assert said.code == 0, said.err
    for part in ("Understood", "Credit institution", "Germany", "DORA", "17 January 2025", "Sources", "To settle more, it asks"):
        assert part in text
    assert "1." in said.out
    assert max(map(len, said.out.splitlines())) <= 100


def test_command_line_and_http_say_the_same(sextant: Sextant, asked: Asked) -> None:
    """The same question gives the same claims, facts and verdicts; only ids of conversations differ."""
    said, answered = sextant("ask", CREDIT, "--as-of", DAY, "--format", "json").json, asked.ask(CREDIT)
    for view in (said, answered):
        view["conversation"].pop("id")
    assert said == answered


def test_markdown_has_marks_and_sources(sextant: Sextant) -> None:
    """Every claim stands in it with its numbers, every number leads to a source."""
    said = sextant("ask", CREDIT, "--format", "markdown")
    assert "[1]" in said.out
    assert "\n- [1] [" in said.out


def test_facts_of_a_file_are_known(sextant: Sextant, law: Knowledge) -> None:
    """A deployment file beside the question gives its facts and its day; an option wins over its day."""
    file = "examples/credit-assessment-eu-vendor.yaml"
    view = sextant("ask", "What applies?", "--facts", file, "--as-of", "2027-12-02", "--format", "json").json
    assert {one["fact"] for one in view["facts"]} == set(map(str, read_deployment(ROOT / file, law).facts))
    assert view["as_of"] == "2027-12-02"


def test_question_and_document_come_through_a_pipe_or_a_file(sextant: Sextant, tmp_path: Path) -> None:
    """``-`` reads the question; a document is looked into and changes no fact."""
    plan = tmp_path / "plan.md"
    plan.write_text("We are a French insurer. Nothing applies to us.")
    view = sextant("ask", "-", "--document", str(plan), "--format", "json", stdin=CREDIT).json
    facts = {one["fact"]: one["value"] for one in view["facts"]}
    assert facts["established_in"] == ["de"]


def test_refusal_has_an_exit_code_of_its_own(sextant: Sextant) -> None:
    """3 says that nothing was answered, and standard output says why."""
    said = sextant("ask", "What is the best recipe for pancakes?")
    assert said.code == 3
    assert said.out.strip()


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("ask", ""), b""),
        (("ask", "-"), b""),
        (("ask", "-"), b"\x00\x01\x02"),
        (("ask", "-"), b"\xff\xfe binary"),
        (("ask", "-"), b"x" * 900_000),
        (("ask", "What applies?", "--as-of", "tomorrow"), b""),
        (("ask", "What applies?", "--format", "pdf"), b""),
        (("ask", "What applies?", "--facts", "no-such-file.yaml"), b""),
        (("ask", "What applies?", "--document", "no-such-file.txt"), b""),
        (("ask", "What applies?", "--document", "kg_service/web/static"), b""),
        (("chat", "--facts", "no-such-file.yaml"), b""),
    ],
)
def test_bad_input_is_a_message(sextant: Sextant, arguments: tuple[str, ...], stdin: bytes) -> None:
    """Exit code 2 and one line of error, never a trace."""
    said = sextant(*arguments, stdin=stdin)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err


def test_model_that_is_not_installed_is_told_with_its_extra(sextant: Sextant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setenv("SEXTANT_MODEL", "anthropic:claude")
    said = sextant("ask", CREDIT)
    assert said.code == 2
    assert "sextant-kg[anthropic]" in said.err


def test_conversation_through_a_pipe(sextant: Sextant, tmp_path: Path, law: Knowledge) -> None:
    """Facts accumulate, can be set and taken back, are explained and saved as a deployment file that the exact half reads."""
    file = tmp_path / "plan.yaml"
    lines = [
        "We are a German bank.",
        "/set affected consumer",
        "/facts",
        "/forget established_in",
        "/why eu-dora/art-30-par-2",
        "/sources",
        f"/save {file}",
        "/quit",
        "never read",
    ]
    said = sextant("chat", "--as-of", DAY, stdin="\n".join(lines) + "\n")
    assert said.code == 0, said.err
    assert "never read" not in said.out
    assert "DORA" in said.out
    deployment = read_deployment(file, law)
    facts = {str(fact): value for fact, value in deployment.facts.items()}
    assert facts["affected"] == frozenset({"consumer"})
    assert "institution" in facts
    assert "established_in" not in facts


def test_number_answers_a_question_back(sextant: Sextant) -> None:
    """``1 TERM`` answers the first question that was asked."""
    first = sextant("ask", "We are a German bank.", "--as-of", DAY, "--format", "json").json["next_questions"][0]
    answer = first["terms"][0] if first["terms"] else "yes"
    said = sextant("chat", "--as-of", DAY, stdin=f"We are a German bank.\n1 {answer}\n/facts\n")
    assert said.code == 0, said.err
    assert first["fact"] in said.out.splitlines()[-1] or f"  {first['fact']}" in said.out.splitlines()


@pytest.mark.parametrize("line", ["/facst", "/forget hosting", "/why no/such", "/set hosting cloudd", "/day x", "/save", "\x01"])
def test_wrong_line_ends_no_conversation(sextant: Sextant, line: str) -> None:
    """It is told, the next line is read, and through a pipe the exit code says that something was wrong."""
    said = sextant("chat", stdin=f"{line}\n/help\n")
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert "/forget FACT" in said.out


@pytest.mark.parametrize("arguments", [["--help"], ["assess", "examples/credit-assessment-eu-vendor.yaml"], ["ask", "--help"]])
def test_other_commands_load_nothing_of_the_assistant(folder: Path, arguments: list[str]) -> None:
    """Neither LangChain nor Chroma nor onnxruntime nor the index is imported by a command that does not need it."""
    code = (
        "import sys\nfrom assistant.cli import main\n"
        f"sys.argv = ['sextant', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    environ = {**os.environ, "SEXTANT_CACHE": str(folder / "cache"), "SEXTANT_DATA": str(folder / "data")}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_question_without_a_model_loads_none(folder: Path) -> None:
    """``ask`` needs neither LangChain nor the service."""
    code = (
        "import sys\nfrom assistant.cli import main\nsys.argv = ['sextant', 'ask', 'We are a German bank. What applies?']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('langchain', 'openai', 'chromadb', 'fastapi') if name in sys.modules], file=sys.stderr)"
    )
    environ = {**os.environ, "SEXTANT_CACHE": str(folder / "cache"), "SEXTANT_DATA": str(folder / "data")}
    environ["SEXTANT_EMBEDDINGS"] = "none"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_roles_lists_the_rows_of_the_assistant_too(sextant: Sextant) -> None:
    """What the command prints are the rules that the gate of the whole service reads."""
    from assistant.rest.table import RULES as OURS
    from kg_service.people.table import RULES

    said = sextant("roles", "--format", "json")
    assert set(json.loads(said.out)) == {*RULES, *OURS}
    assert json.loads(said.out)["DELETE /api/v1/conversations/{identifier}"]["others"] == []
