"""An answer as Markdown: what we write around the verified claims. The user's own words are shown plain, without any markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from assistant.compose.wording import counted
from assistant.model import AnswerQuestion, Citation, Claim, ClaimKind, FactReading, Polarity, Understanding
from assistant.verify.sayings import answer_words
from kg_service.applicability.facts import Facts
from kg_service.model import Knowledge, TermId

_UNSAFE: Final = re.compile(r"[^\w\s.,;:'’%€$£()/+-]|https?|www\.|://", re.IGNORECASE)
_LONGEST: Final = 80
_NEAREST: Final = 2
_TERMS: Final = 6
_OF_LAW: Final = (ClaimKind.INTERPRETATION, ClaimKind.DEFINITION)


def numbered_by_use(claims: Sequence[Claim], passages: Sequence[Citation], also: Sequence[int] = ()) -> dict[int, int]:
    """The numbers that an answer shows: those of the passages used, counted from 1 in the order of use."""
    known = {one.n for one in passages}
    used = dict.fromkeys(n for claim in claims for n in claim.citations if n in known)
    used.update(dict.fromkeys(n for n in also if n in known))
    return {old: new for new, old in enumerate(used, 1)}


def rendered(
    law: Knowledge,
    claims: Sequence[Claim],
    understanding: Understanding,
    facts: Facts,
    questions: Sequence[AnswerQuestion],
    notes: Sequence[str],
) -> str:
    """The lead, what was understood, the questions back, then the claims under their headings, and notes.

    Where no claim leads, the headings come first, and nothing is asked back before a question of law is answered: nobody reads
    past questions to an answer.
    """
    lead = [claim for claim in claims if claim.heading is None]
    known, back = understood(law, understanding, facts), asked(law, questions)
    grouped = groupby((claim for claim in claims if claim.heading is not None), key=lambda claim: claim.heading)
    answer = [f"### {heading}\n\n" + "\n".join(f"- {_marked(claim)}" for claim in members) for heading, members in grouped]
    if not lead:
        parts = [*answer, *known, *back]
    elif any(claim.kind in _OF_LAW and claim.heading is not None for claim in claims):
        parts = [" ".join(_marked(claim) for claim in lead), *known, *answer, *back]
    else:
        parts = [" ".join(_marked(claim) for claim in lead), *known, *back, *answer]
    if notes:
        parts.append("\n".join(f"*{plain(note, 400)}*" for note in notes))
    return "\n\n".join(parts)


def refusal(
    law: Knowledge,
    reason: str,
    understanding: Understanding,
    facts: Facts,
    questions: Sequence[AnswerQuestion],
    notes: Sequence[str],
) -> str:
    """What is said instead of an answer: why, what was understood, what would help."""
    parts = [reason, *_nearest(law, understanding), *understood(law, understanding, facts), *asked(law, questions)]
    if notes:
        parts.append("\n".join(f"*{plain(note, 400)}*" for note in notes))
    return "\n\n".join(parts)


def _nearest(law: Knowledge, understanding: Understanding) -> list[str]:
    """The questions of law that can be answered and are nearest to what was asked."""
    near = [law.interpretations[name].questions["en"][0] for name in (understanding.alike or ())[:_NEAREST]]
    return ["Questions near to yours that I can answer:\n" + "\n".join(f"- “{plain(one, 200)}?”" for one in near)] if near else []


def understood(law: Knowledge, understanding: Understanding, facts: Facts) -> list[str]:
    """The facts taken, each with the words that show it; what was unsure; what was known before in one line."""
    shown: dict[str, list[FactReading]] = {}
    for reading in understanding.readings:
        shown.setdefault(str(reading.fact), []).append(reading)
    lines: list[str] = []
    earlier: list[str] = []
    for fact_id, answer in facts.items():
        said = answer_words(law.facts[fact_id], answer)
        readings = [one for one in shown.get(str(fact_id), ()) if one.polarity is not Polarity.UNCERTAIN]
        words = [plain(span.text, _LONGEST) for one in readings for span in one.spans]
        if words:
            lines.append(f"- {said} (“{'”, “'.join(dict.fromkeys(words))}”)")
        else:
            earlier.append(said)
    for readings in shown.values():
        for one in readings:
            if one.polarity is Polarity.UNCERTAIN:
                words = [plain(span.text, _LONGEST) for span in one.spans]
                lines.append(f"- Not taken, because unsure: {law.facts[one.fact].labels.label} (“{'”, “'.join(words)}”)")
    found = ["### Understood\n\n" + "\n".join(lines)] if lines else []
    if earlier:
        found.append(f"Known before ({counted(len(earlier), 'fact')}): {'; '.join(earlier)}.")
    return found


def asked(law: Knowledge, questions: Sequence[AnswerQuestion]) -> list[str]:
    if not questions:
        return []
    lines = []
    for number, one in enumerate(questions, 1):
        mark = f" [{one.citation}]" if one.citation is not None else ""
        terms = [law.facts[one.fact].terms[TermId(term)].labels.label for term in one.terms[:_TERMS]]
        more = "; …" if len(one.terms) > _TERMS else ""
        choice = f" For example: {'; '.join(terms)}{more}." if terms else ""
        lines.append(f"{number}. {one.ask}{choice} {one.because}{mark}")
    return ["### What I need to know\n\n" + "\n".join(lines)]


def plain(text: str, longest: int) -> str:
    """``text`` without anything that a page or a terminal could take for more than words."""
    words = " ".join(_UNSAFE.sub(" ", text).split())
    return words if len(words) <= longest else words[:longest].rstrip() + " …"


def _marked(claim: Claim) -> str:
    return claim.text + " " + "".join(f"[{n}]" for n in claim.citations)
