"""``sextant chat``: questions one after the other; facts accumulate, can be seen, taken back and saved."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from assistant.commands import screen
from assistant.commands.asking import Desk, open_desk
from assistant.conversation import begun, continued, withdrawn
from assistant.exchange import Asking, parse_question
from assistant.model import Answer, AnswerQuestion, Conversation
from kg_service.applicability.explain import proof
from kg_service.applicability.facts import Facts, parse_day, parse_facts
from kg_service.commands import screen as exact
from kg_service.commands.output import show, write
from kg_service.commands.session import tell
from kg_service.deployment import Deployment, plain_deployment
from kg_service.errors import InputError, NotFoundError, Problem, SextantError, nearest
from kg_service.model import FactId, FactKind, NormId, TermId

HELP: Final = """\
Say what you plan, or ask. After an answer a number answers a question back: 2 public_cloud, or 1 yes.
  /facts            what is known so far            /forget FACT   take a fact back
  /why NORM         the proof of one verdict        /set FACT ANSWER
  /day YYYY-MM-DD   ask for another day             /sources       the sources of the last answer
  /save FILE        write a deployment file         /quit
"""
AFTER_A_CHANGE: Final = "What applies?"


@dataclass(slots=True)
class Chat:
    """One conversation on a terminal or through a pipe."""

    desk: Desk
    held: Conversation
    day: date | None
    last: Answer | None = None

    def turn(self, line: str) -> bool:
        """What ``line`` asks for is done; False where it ends the conversation."""
        word, _, rest = line.partition(" ")
        if word in ("/quit", "/q", "/exit"):
            return False
        command = COMMANDS.get(word)
        if command is not None:
            command(self, rest.strip())
        elif line.startswith("/"):
            told = f"there is no command {word[:40]!r}; /help lists them."
            raise InputError([Problem("chat", "unknown-command", told, nearest(word, COMMANDS))])
        elif (answered := self._answered(line)) is not None:
            self.set(*answered)
        else:
            self.ask(parse_question(line, "chat"))
        return True

    def ask(self, question: str) -> None:
        """The answer stands on the screen, and the conversation goes on from it."""
        found = self.desk.answer(Asking(question, None, self.day, self.held))
        self.held, self.last = continued(self.held, found), found
        show(screen.answer(found, self.desk.session.knowledge, with_sources=False), None)
        if found.citations:
            write("(/sources lists the sources by number)\n")

    def set(self, question: AnswerQuestion, words: str) -> None:
        """The answer to a question back is taken, and what applies is told anew."""
        self._with(question.fact, words)
        self.ask(AFTER_A_CHANGE)

    def _with(self, fact: FactId, words: str) -> None:
        knowledge = self.desk.session.knowledge
        known = knowledge.facts.get(fact)
        raw: object = words
        if known is not None and known.kind is FactKind.FLAG:
            raw = {"yes": True, "y": True, "no": False, "n": False}.get(words.lower(), words.lower())
        elif known is not None and known.kind is FactKind.TERMS:
            listed = words.replace(",", " ").split()
            raw = [] if listed == ["none"] and TermId("none") not in known.terms else listed
        self.held = replace(self.held, facts={**self.held.facts, **parse_facts(knowledge.facts, {fact: raw}, "chat")})

    def _answered(self, line: str) -> tuple[AnswerQuestion, str] | None:
        """The question back that a line such as ``2 public_cloud`` answers."""
        number, _, words = line.partition(" ")
        asked = () if self.last is None else self.last.questions
        if number.isascii() and number.isdecimal() and 1 <= int(number[:6]) <= len(asked) and words.strip():
            return asked[int(number) - 1], words.strip()
        return None

    def facts(self, _: str) -> None:
        if not self.held.facts:
            write("Nothing yet: say what you plan.\n")
            return
        from rich.console import Group

        show(Group(*screen.understood(self.held.facts, (), self.desk.session.knowledge)), None)
        write("".join(f"  {name}\n" for name in self.held.facts))

    def forget(self, name: str) -> None:
        if name not in self.held.facts:
            raise NotFoundError("fact said so far", name[:80], nearest(name, self.held.facts) or tuple(self.held.facts)[:3])
        self.held = withdrawn(self.held, [FactId(name)])
        write(f"Forgotten: {name}.\n")

    def put(self, rest: str) -> None:
        name, _, words = rest.partition(" ")
        self._with(FactId(name), words.strip())
        write(f"Noted: {name}.\n")

    def why(self, name: str) -> None:
        evaluator = self.desk.session.evaluator
        if self.last is None:
            raise InputError([Problem("/why", "nothing-yet", "there is no answer yet.")])
        asked = evaluator.assess(self.held.facts, self.last.as_of)
        if name not in evaluator.knowledge.norms:
            raise NotFoundError("norm", name[:120], nearest(name, evaluator.knowledge.norms))
        show(exact.proof(evaluator.knowledge, proof(evaluator, asked, NormId(name)), {}), None)

    def set_day(self, text: str) -> None:
        self.day = parse_day(text, "/day")
        write(f"Asking for {self.day.isoformat()} from now on.\n")

    def sources(self, _: str) -> None:
        if self.last is None:
            write("There is no answer yet.\n")
            return
        from rich.console import Group

        show(Group(*screen.sources(self.last, self.desk.session.knowledge)), None)

    def save(self, name: str) -> None:
        if not name:
            raise InputError([Problem("/save", "no-file", "name the file: /save plan.yaml.")])
        import yaml

        path = Path(name).expanduser()
        facts: Facts = self.held.facts
        plain = plain_deployment(Deployment(path.stem, facts, None, self.day))
        write(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120), path)
        write(f"Written: {path}. Go on with: sextant assess {path}\n")

    def help(self, _: str) -> None:
        write(HELP)


COMMANDS: Final[dict[str, Callable[[Chat, str], None]]] = {
    "/facts": Chat.facts,
    "/forget": Chat.forget,
    "/set": Chat.put,
    "/why": Chat.why,
    "/day": Chat.set_day,
    "/sources": Chat.sources,
    "/save": Chat.save,
    "/help": Chat.help,
}


def chat(facts: Path | None, as_of: date | None, root: Path | None) -> int:
    """Talks until the input ends; through a pipe the exit code is 2 where a line was wrong."""
    desk = open_desk(root)
    deployment = None if facts is None else desk.session.deployment(facts)
    held = replace(begun(), facts={} if deployment is None else deployment.facts)
    talk = Chat(desk, held, as_of or (deployment.as_of if deployment else None))
    watched = sys.stdin.isatty()
    if watched:
        write(HELP)
    wrong = False
    while True:
        line = _line(watched)
        if line is None:
            break
        if not line:
            continue
        try:
            if not talk.turn(line):
                break
        except SextantError as error:
            tell(f"error: {error}")
            wrong = True
    return 2 if wrong and not watched else 0


def _line(watched: bool) -> str | None:
    """The next line of the user; None at the end."""
    if watched:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - arrow keys and history, where there is one
        try:
            return input("\n> ").strip()
        except (EOFError, KeyboardInterrupt):
            write("\n")
            return None
    line = sys.stdin.readline()
    return line.strip() if line else None
