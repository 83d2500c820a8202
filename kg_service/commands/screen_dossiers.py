"""Dossiers as a person reads them on a terminal: the six decisions, what is in the way, what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

View = Mapping[str, Any]
_STYLES: Final = {"open": "bold yellow", "passed": "bold green", "waived": "bold cyan", "failed": "bold red"}
_CAUSES: Final = {
    "facts": "a fact changed",
    "law": "the law changed",
    "input": "what its tool was given changed",
    "obstacle": "something stands in its way now",
    "expired": "its waiver ended",
    "earlier": "an earlier decision opened",
    "person": "somebody opened it",
}
_HINTS: Final = {
    "facts": "sextant dossier set {id} FACT=TERM",
    "criteria": "sextant dossier criterion {id} {decision} CRITERION met",
    "gaps": "sextant dossier control {id} --needed {decision} --state planned",
    "sign": "sextant dossier sign {id} {decision}",
    "reopen": 'sextant dossier reopen {id} {decision} --reason "..."',
}


def listing(entries: Iterable[View]) -> RenderableType:
    """Every dossier, one a line."""
    made = _table(("dossier", None), ("name", None), ("owner", 14), ("version", 7), ("changed", 10))
    for one in entries:
        name = f"{one['name']} (archived)" if one["archived"] else one["name"]
        made.add_row(*map(Text, (one["id"], name, one["owner"], str(one["version"]), one["updated_at"][:10])))
    return made if made.row_count else Text("No dossier yet: sextant dossier new FILE makes one.")


def dossier(view: View) -> RenderableType:
    """The six decisions with their states, what was said and shown, and the next step."""
    head = [
        Text.assemble((view["name"], "bold"), f"  {view['id']}, version {view['version']}, owner {view['owner']}"),
        Text(f"as of {view['day']}, knowledge {view['knowledge_version'][:12]}{', archived' if view['archived'] else ''}"),
    ]
    counts = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in view["counts"].items() if count)
    head.append(Text(f"{len(view['facts'])} facts: {counts}\n"))
    made = _table(("", 1), ("decision", None), ("state", 8), ("criteria", 8), ("met", 7), ("gaps", 4))
    for one in view["decisions"]:
        made.add_row(
            Text(str(one["number"])),
            Text("\n".join([one["label"], *_remarks(one)])),
            Text(one["state"], _STYLES[one["state"]]),
            Text(f"{one['criteria_met']}/{one['criteria_asked']}"),
            Text(f"{one['met']}/{one['obligations_count']}"),
            Text(str(one["gaps"]) if one["state"] == "open" else ""),
        )
    tail = [Text("\ncriteria met / asked; met: obligations with a control in place; gaps keep a decision open", "dim")]
    held = {name: len(view[name]) for name in ("evidence", "controls", "options", "pilots") if view[name]}
    if held:
        tail.append(Text(", ".join(f"{count} {name}" for name, count in held.items())))
    tail += [Text(f"{problem['pointer']}: {problem['message']}", "red") for problem in view["problems"]]
    return Group(*head, made, *tail, *_until(view["until"]), *_next(view))


def _until(until: View | None) -> Iterable[RenderableType]:
    if until is None:
        return
    yield Text(f"\nfrom {until['from']} to {until['to']}:", "bold")
    made = _table(("day", 10), ("", 7), ("norm", None), ("for", 9))
    for key, word in (("begins", "begins"), ("ends", "ends"), ("changed", "changes")):
        for one in until[key]:
            numbers = ",".join(map(str, one["decisions"]))
            made.add_row(Text(one["on"] or ""), Text(word), Text(f"{one['norm']} {one['title']}"), Text(numbers))
    yield made if made.row_count else Text("nothing changes")


def _remarks(one: View) -> Iterable[str]:
    if one["waived_until"]:
        yield f"waived until {one['waived_until']}"
    elif one["signed_by"]:
        yield f"signed by {one['signed_by']}"
    reopened = one["reopened"]
    if reopened and one["state"] == "open":
        listed = reopened.get("changed", [])
        what = ": " + ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "") if listed else ""
        yield f"was {reopened['was']}; opened, for {_CAUSES[reopened['cause']]}{what}"


def _next(view: View) -> Iterable[Text]:
    if view["archived"]:
        return
    step = view["next"]
    if step is None:
        yield Text("\nAll six decisions are closed.", "bold green")
        return
    yield Text.assemble("\nnext: ", (step["text"], "bold"))
    hint = _HINTS.get(step["step"])
    if hint:
        yield Text("  " + hint.format(id=view["id"], decision=step["decision"]))


def decision(view: View) -> RenderableType:
    """One decision: criteria with answers, what is in the way, who signed."""
    head = [
        Text.assemble((f"{view['number']} {view['label']}", "bold"), "  ", (view["state"], _STYLES[view["state"]])),
        Text(f"{view['definition']}\nas of {view['day']}, knowledge {view['knowledge_version'][:12]}"),
        *(Text(line) for line in _remarks(view)),
        Text(),
    ]
    made = _table(("criterion", 24), ("answer", 9), ("met by", None))
    for one in view["criteria"]:
        answer = "open" if one["answer"] is None else one["answer"].replace("_", " ")
        said = f"\n{one['by']}: {one['because']}" if one["because"] else ""
        made.add_row(Text(one["id"]), Text(answer), Text(f"{one['met_when']}{said}"))
    gaps = _table(("norm", 28), ("gap", 12), ("one of", None))
    for one in view["gaps"]:
        kind = one["kind"].replace("_", " ") + (f", waived to {one['waived_until']}" if one["waived_until"] else "")
        gaps.add_row(Text(one["norm"]), Text(kind), Text(", ".join(one["controls"] or one["missing_facts"])))
    parts: list[RenderableType] = [*head, made]
    if gaps.row_count:
        parts += [Text(), gaps]
    parts.append(Text(f"\n{view['obligations_count']} obligations, {view['met']} with a control in place"))
    if view["controls_needed"]:
        parts.append(Text("a small set of controls would do: " + ", ".join(view["controls_needed"])))
    for one in view["sign_offs"]:
        own = ", their own dossier" if one.get("own") else ""
        parts.append(
            Text(f"{one['outcome']} by {one['name']} ({one['role']}{own}), {one['at'][:10]}, sha256 {one['signed'][:16]}")
        )
    for one in view["waivers"]:
        about = f" for {one['norm']}" if one.get("norm") else ""
        parts.append(Text(f"waived{about} by {one['name']} until {one['expires']}: {one.get('because', '')}"))
    return Group(*parts)


def timeline(past: Iterable[View], coming: Iterable[View]) -> RenderableType:
    """What happened, and what the calendar brings."""
    made = _table(("when", 16), ("who", 12), ("what", None))
    for one in past:
        made.add_row(Text(one["at"][:16].replace("T", " ")), Text(one["actor"]), Text(one["action"]))
    ahead = _table(("day", 10), ("", 6), ("norm", None))
    for one in coming:
        ahead.add_row(Text(one["on"]), Text(one["change"]), Text(f"{one['norm']} {one['title']}"))
    return Group(made, Text(), ahead) if ahead.row_count else Group(made)


def _table(*columns: tuple[str, int | None]) -> Table:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True, show_edge=False)
    for name, width in columns:
        made.add_column(name, width=width, overflow="fold", ratio=1 if width is None else None)
    return made
