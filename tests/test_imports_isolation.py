"""The child that reads strangers' files: what it cannot do, and what the parent says when it does not come back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from kg_service.errors import DocumentError
from kg_service.imports import wire
from kg_service.imports.isolation import Limits, Reader, printable_name, read_isolated
from kg_service.imports.markdown import Markdown
from kg_service.imports.model import Document

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the fences are limits of the Linux kernel")
POLICY = b"# Policy\n\n1.1 Keep logs.\n\n- of models\n"


def _large(lines: int) -> bytes:
    return b"# Policy\n\n" + b"".join(b"- item %d with a few words of text\n" % number for number in range(lines))


def _code(content: bytes, name: str = "policy.md", limits: Limits | None = None) -> str:
    with pytest.raises(DocumentError) as refused:
        read_isolated(content, name, limits=limits)
    assert refused.value.problems[0].where.startswith(name)
    return refused.value.problems[0].code


def _own_children() -> set[str]:
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text(encoding="ascii")
    return set(listed.split())


def test_the_document_is_the_one_read_here() -> None:
    """What comes back through the pipe equals what the importer gives in this process."""
    assert read_isolated(POLICY, "policy.md") == Markdown().parse(POLICY, "policy.md")


def test_a_refusal_comes_back_with_file_line_and_reason() -> None:
    """The child's refusal is the parent's."""
    with pytest.raises(DocumentError) as refused:
        read_isolated(b"<akomaNtoso>\n<act>\n</akomaNtoso>", "folder/law.xml")
    problem = refused.value.problems[0]
    assert (problem.where, problem.code) == ("law.xml:3", "not_xml")


def test_an_unknown_importer_is_named() -> None:
    """An importer that does not exist is a refusal that names the ones that do."""
    with pytest.raises(DocumentError, match="known: "):
        read_isolated(POLICY, "policy.md", "markdwn")


def test_a_reading_that_takes_too_long_is_ended() -> None:
    """Past the deadline the child is gone and the file refused."""
    assert _code(_large(300_000), limits=Limits(seconds=1.0)) == "timeout"


@linux
def test_a_reading_that_takes_too_much_memory_is_refused() -> None:
    """A parser that swells gets no more memory, and says so."""
    limits = Limits(memory=260 * 1024 * 1024)
    assert _code(_large(400_000), limits=limits) in ("out_of_memory", "parser_failed")


def test_an_answer_that_is_too_long_is_refused() -> None:
    """More text than the parent takes is not read."""
    assert _code(_large(2_000), limits=Limits(output=10_000)) == "too_large"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGSEGV, "parser_failed"), (signal.SIGXCPU, "timeout")])
def test_a_child_that_dies_is_a_refusal(number: signal.Signals, code: str) -> None:
    """A crash in the middle of a reading is named, and the next file is read by another child."""
    with Reader() as reader:
        reader.read(POLICY, "policy.md")
        (child,) = _own_children()
        killer = threading.Timer(0.3, os.kill, (int(child), number))
        killer.start()
        with pytest.raises(DocumentError) as refused:
            reader.read(_large(200_000), "large.md")
        killer.join()
        assert refused.value.problems[0].code == code
        assert reader.read(POLICY, "policy.md").units
        assert reader.started == 2


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """After documents read and refused there is no child, no open file and no new file."""
    before = (_own_children(), len(list(Path("/proc/self/fd").iterdir())))
    read_isolated(POLICY, "policy.md")
    _code(b"\0", "x.md")
    _code(_large(300_000), limits=Limits(seconds=0.5))
    assert (_own_children(), len(list(Path("/proc/self/fd").iterdir()))) == before
    assert list(tmp_path.iterdir()) == []


def test_threads_read_side_by_side() -> None:
    """Each reading has its child: threads of a service do not mix their files."""
    found: dict[int, str] = {}

    def read(number: int) -> None:
        found[number] = read_isolated(b"# Policy %d\n\ntext\n" % number, "p.md").identity.title

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"Policy {number}" for number in range(4)}


TRIES = {
    "a file to read": "open('/etc/hostname')",
    "a file to write": "os.write(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), b'x')",
    "a socket": "socket.socket()",
    "a pipe": "os.pipe()",
    "a program": "subprocess.run(['/bin/true'], check=True)",
    "memory": "bytearray(2**31)",
    "a module": "__import__('turtle')",
}


@linux
@pytest.mark.parametrize("what", TRIES)
def test_behind_the_fence_nothing_can_be_opened(what: str, tmp_path: Path) -> None:
    """No file, socket, pipe, program, module or large memory is to be had."""
    script = (
        "import os, socket, subprocess, sys\n"
        "from kg_service.imports import fence\n"
        "fence.leave_network(); fence.limit_memory(1024 * 1024 * 1024); fence.close_gates()\n"
        f"try:\n    {TRIES[what]}\n    print('open')\n"
        "except (OSError, MemoryError, ImportError) as error:\n    print('closed')\n"
    )
    target = tmp_path / "written"
    ran = subprocess.run([sys.executable, "-c", script, str(target)], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout.strip() == "closed", ran.stderr
    assert not target.exists()


@linux
def test_the_child_has_no_network() -> None:
    """Where the kernel allows it, the process sits in a network of its own: no address can be reached, not even this machine."""
    script = (
        "import socket\nfrom kg_service.imports import fence\n"
        "if not fence.leave_network():\n    print('not allowed')\nelse:\n"
        "    try:\n        socket.create_connection(('127.0.0.1', 9), 1)\n"
        "    except OSError as error:\n        print(error.errno)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    if ran.stdout.strip() == "not allowed":
        pytest.skip("this kernel gives no network namespace to this user")
    assert int(ran.stdout) in (101, 99)  # network is unreachable, address not available


def test_the_environment_of_the_parent_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child inherits no secret: its environment holds four names that the parent sets."""
    monkeypatch.setenv("SEXTANT_SECRET", "value")
    with Reader() as reader:
        reader.read(POLICY, "policy.md")
        (child,) = _own_children()
        if os.access(f"/proc/{child}/environ", os.R_OK):
            assert b"SEXTANT_SECRET" not in Path(f"/proc/{child}/environ").read_bytes()


@pytest.mark.parametrize(
    ("name", "expected"), [("/etc/a\nb.md", "a?b.md"), ("C:\\x\\y.md", "y.md"), ("", "document"), ("\u202egpj.md", "?gpj.md")]
)
def test_names_are_made_fit_to_print(name: str, expected: str) -> None:
    """Folders, control characters and direction marks of a stranger's file name are not repeated."""
    assert printable_name(name) == expected


# -- the wire


def _document() -> Document:
    return Markdown().parse(POLICY, "policy.md")


def test_the_wire_carries_every_field() -> None:
    """A document written and read again is equal to itself."""
    assert wire.load(wire.dump(_document())) == _document()


def test_half_a_character_does_not_break_the_wire() -> None:
    """A lone surrogate, which no file may hold, becomes a mark of replacement."""
    document = _document()
    broken = replace(document, units=(replace(document.units[0], text="a\ud800b"),))
    assert wire.load(wire.dump(broken)).units[0].text == "a?b"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.pop("version"),
        lambda raw: raw["units"].append(raw["units"][0]),
        lambda raw: raw["units"][0].__setitem__(5, "nowhere"),
        lambda raw: raw["units"][0].__setitem__(0, "no such kind"),
        lambda raw: raw["units"][0].__setitem__(2, 7),
        lambda raw: raw["units"][0].pop(),
        lambda raw: raw.update(units={}),
        lambda raw: raw["source"].update(size=-1),
        lambda raw: raw["version"].update(valid_from="yesterday"),
    ],
    ids=["no version", "a path twice", "no parent", "kind", "text is a number", "field short", "no list", "size", "day"],
)
def test_what_is_no_document_is_not_taken(spoil: object) -> None:
    """An answer that a child under another's hand might give is refused field by field."""
    raw = json.loads(wire.dump(_document()))
    assert callable(spoil)
    spoil(raw)
    with pytest.raises((ValueError, TypeError)):
        wire.load(json.dumps(raw).encode())


def test_the_source_is_computed_here() -> None:
    """Hash and size are those of the bytes that the parent holds."""
    source = read_isolated(POLICY, "policy.md").source
    assert (source.sha256, source.size, source.format) == (sha256(POLICY).hexdigest(), len(POLICY), "markdown")
