"""Changed texts and suggestions on a terminal; readable without colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from kg_service.texts.comparison import Compared
from kg_service.texts.marked import heading, label, plain, resting, summary, words_of
from kg_service.texts.record import LoadedText
from kg_service.texts.suggestions import Suggestion
from kg_service.texts.words import Op

_STYLES: Final = {Op.SAME: "", Op.GONE: "red strike", Op.NEW: "bold green"}


def text_difference(found: Compared, *, whole: bool) -> RenderableType:
    """What changed, provision by provision, with ``[-gone-]`` and ``{+new+}`` words; then what rests on it."""
    if found.same:
        text = found.new[0]
        return Text(f"{text.name}: on both days the text was {text.version} ({text.file}). Nothing changed.")
    parts: list[RenderableType] = [Text(heading(found.old[0], found.new[0]), "bold"), Text(summary(found.found))]
    for change in found.found.changes:
        parts.append(Text.assemble("\n", (change.name, "bold"), f"  {change.heading or ''}"))
        for unit in change.units:
            line = Text(f"{label(unit)}: ", "dim")
            for piece in words_of(unit, whole=whole):
                line.append(plain([piece]), _STYLES[piece.op])
            parts.append(Padding(line, (0, 0, 0, 2)))
    for title, lines in resting(found.effects):
        parts.append(Text(f"\n{title}", "bold"))
        parts.extend(Padding(Text(line), (0, 0, 0, 2)) for line in lines)
    return Group(*parts)


def suggestion_table(held: Sequence[LoadedText], found: Sequence[Suggestion]) -> RenderableType:
    """Likely obligations, one block each: who, must what, when."""
    versions = ", ".join(text.version for text in held)
    head = f"{held[0].name}, text {versions}: {len(found)} sentences that likely oblige and on which no norm rests."
    parts: list[RenderableType] = [Text(head, "bold"), Text("A list to review; nothing is entered by itself.\n", "dim")]
    for one in found:
        bearer = one.found.bearer or "(not named)"
        line = Text.assemble(
            (one.name, "bold"), f"  {one.heading or ''}\n", (one.found.force, "dim"), f"  {bearer}: {one.action}"
        )
        line.append(f"\nwhen: {one.found.condition}" if one.found.condition else "")
        line.append(f"\nour norms here: {', '.join(one.norms)}" if one.norms else "")
        parts.append(Padding(line, (0, 0, 1, 0)))
    return Group(*parts)
