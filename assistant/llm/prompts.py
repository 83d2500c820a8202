"""Prompts: one file each, with a version; its hash says in the audit trail which words were sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Prompt:
    """``text`` has places in braces; ``hash`` is of the whole file."""

    name: str
    version: int
    text: str
    hash: str

    def filled(self, **values: str) -> str:
        """The text with its places filled."""
        return self.text.format(**values)


@lru_cache(maxsize=8)
def prompt(name: str) -> Prompt:
    """The prompt ``assistant/prompts/<name>.md``."""
    content = (files("assistant") / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    head, _, text = content.partition("\n\n")
    return Prompt(name, int(head.removeprefix("version: ")), text, f"sha256:{hashlib.sha256(content.encode()).hexdigest()}")


def fenced(content: str, fence: str) -> str:
    """``content`` between two lines that begin with ``fence``, which occurs nowhere in it."""
    return f"{fence} begin\n{content}\n{fence} end"


def fence_for(*contents: str) -> str:
    """A mark that occurs in none of ``contents`` and that nobody could know while writing them."""
    mark = hashlib.sha256("\0".join(contents).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"=={mark}=="
