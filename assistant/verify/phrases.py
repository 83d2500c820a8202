"""The words by which a sentence says a verdict, a duty, a kind or a doubt. One table for those who write and those who check."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from assistant.verify.dates import Written
from kg_service.applicability.evaluate import Status
from kg_service.model import Certainty, NormKind

# What the deterministic composer writes for a kind and for a certainty; whoever else writes it is held to it too.
KINDS: Final = {
    NormKind.DUTY: "",
    NormKind.PROHIBITION: "as a prohibition",
    NormKind.PERMISSION: "as a permission",
    NormKind.EXPECTATION: "as a supervisory expectation",
    NormKind.RIGHT: "as a right of others",
    NormKind.SCOPE_RULE: "as a rule of scope",
}
DOUBTS: Final = {
    Certainty.VERIFIED_TEXT: "",
    Certainty.VERIFIED_PRIMARY: "",
    Certainty.VERIFIED_SECONDARY: "checked in secondary sources only",
    Certainty.MEMORY_HIGH: "not checked against a text; held to be right",
    Certainty.MEMORY_MEDIUM: "not checked against a text; fairly sure",
    Certainty.MEMORY: "not checked against a text",
    Certainty.UNCERTAIN: "uncertain",
}
CONDITIONAL: Final = re.compile(r"^(?:where|if|when|once) (?:it|they|this|these|one) appl(?:y|ies)\b,?", re.IGNORECASE)
CORRECTING: Final = re.compile(
    r"^(?:that is not so|that is no longer so|that was not so then|that is not yet so):", re.IGNORECASE
)

_APPLY: Final = (
    r"(?:appl(?:y|ies|ied|icable|ying)|bind(?:s|ing)?|bound|cover(?:s|ed)?|reach(?:es)?|concern(?:s|ed)?|govern(?:s"
    r"|ed)?|affect(?:s|ed)?"
    r"|catch(?:es)?|caught|in force|in effect|in scope|subject|relevant|touch(?:es)?|hold(?:s)?|matter(?:s)?"
    r"|count(?:s)?|exist(?:s)?)"
)


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


# In this order: what one pattern has taken, the next does not see.
_SPOKEN: Final[tuple[tuple[Status, re.Pattern[str]], ...]] = (
    (
        Status.UNDETERMINED,
        _any(
            r"^\W*whether\b.*?\bappl(?:y|ies)\b(?= (?:here )?(?:cannot|is|depends|remains|are)\b)",
            r"\b(?:cannot (?:yet )?be (?:told|said|determined|decided)(?: yet)?|undetermined)",
            r"\b(?:is|are) (?:still )?open|remains? open|depends? on|unclear|not (?:yet )?(?:clear|known|settled|determined)",
            r"\b(?:may|might|could) (?:also |still |not )?(?:appl|bind|be (?:bound|covered|subject|caught))\w*",
        ),
    ),
    (
        Status.ENDED,
        _any(
            r"\b(?:no longer|not any ?more|never again) (?:" + _APPLY + r"|exists?|required|needed)\b",
            r"\b(?:has|have|had|was|were|is|are|been|be|being|got) (?:now |since |already )?(?:ended|expired|repealed"
            r"|abolished|revoked"
            r"|withdrawn|annulled|quashed|struck down|suspended|deleted|removed|lapsed|superseded|replaced|rescinded"
            r"|cancelled|void|dead"
            r"|obsolete|scrapped|dropped|lifted|waived|set aside|invalidated)\b",
            r"\b(?:ended|expired|lapsed|ceased)\b|\bapplied until\b|\bceases?\b|\bapplied before\b|\bno more\b",
        ),
    ),
    (
        Status.DOES_NOT_APPLY,
        _any(
            r"\b(?:do|does|did|will|would|can|could|shall|should|may|might)\s*(?:not|n[o'’]t)\s+(?:\w+\s+){0,2}?"
            + _APPLY
            + r"\b",
            r"\bcan(?:not|['’]t)\s+(?:\w+\s+)?" + _APPLY + r"\b|\b\w+n['’]t\s+(?:\w+\s+)?(?:be )?" + _APPLY + r"\b",
            r"\b(?:not|never|nowhere|hardly|neither)\s+(?:\w+\s+){0,2}?(?:be )?" + _APPLY + r"\b",
            r"\b(?:is|are|was|were|be|lies?|stands?|falls?|stays?|remains?|left) (?:\w+ )?(?:outside|beyond)\b",
            r"\binapplicable\b|\birrelevant\b|\bout(?:side)?(?: of)?(?: the)? scope\b|\bfalls? outside\b|\bout of reach\b",
            r"\bno (?:obligations?|dut(?:y|ies)|requirements?|rules?|provisions?)\b|\bnone\b[^.;]{0,40}\bappl\w+"
            r"|\b(?:need|needs) not\b",
            r"\bneedn['’]t\b|\b(?:do|does) not (?:have|need) to\b|\bunaffected\b|\bfree (?:from|of|to)\b",
            r"\bnot (?:\w+ )?(?:required|obliged|obligatory|mandatory|needed|necessary|compulsory|liable|enforced)\b",
            r"\b(?:can|may) (?:safely )?(?:ignore|skip|disregard)\b|\bnothing (?:applies|is required)\b|\bunregulated\b",
        ),
    ),
    (
        Status.EXEMPT,
        _any(
            r"\b(?:exempt(?:s|ed|ion)?|freed|frees|excluded|carved out|carve-out|relieved|derogat\w+|spared|immune"
            r"|whitelisted|grandfathered)\b"
        ),
    ),
    (
        Status.UPCOMING,
        _any(
            r"\bupcoming\b|\bwill (?:\w+ )?(?:appl|bind|begin|start|take effect|come|enter|be (?:applicable|binding"
            r"|in force))\w*",
            r"\bnot (?:appl\w+ )?(?:yet|until)\b(?: appl\w+| in force| bind\w*)?|\b(?:begins?|starts?) (?:to apply|applying)\b",
            r"\bcomes? into (?:force|effect|application)\b|\benters? into (?:force|application)\b|\bno date (?:is set )?yet\b",
            r"\bpending\b|\bpostponed\b|\bdeferred\b|\bdelayed\b|\bproposed\b",
        ),
    ),
    (
        Status.APPLIES,
        _any(
            r"\bappl(?:y|ies|icable|ying)\b|\bapplied\b|\bbinds?\b|\bbinding\b|\bin force\b|\bin effect\b"
            r"|\btakes? effect\b|\btook effect\b",
            r"\b(?:covered by|subject to|caught by)\b",
        ),
    ),
)
_DENIAL: Final = _any(
    r"\b(?:not (?:true|the case|so|correct|right|valid)|false|untrue|wrong(?:ly)?|myth|incorrect|mistaken|contrary to"
    r"|fake|hoax|invalid)\b",
    r"\b(?:void|unlawful to require|misread|error)\b|\bno such\b",
)
_STRONG: Final = _any(
    r"\b(?:must|shall|(?:is|are|be) (?:\w+ )?(?:required|obliged|bound|compelled|expected and required)|has to|have to"
    r"|mandatory|compulsory)\b",
    r"\b(?:obligat\w+|needs? to|required)\b",
)
_FORBIDDEN: Final = _any(
    r"\b(?:must|shall|may|should|can) ?(?:not|never)\b|\bcannot\b|\b(?:mustn|shan|can|shouldn)['’]t\b",
    r"\b(?:prohibit(?:s|ed)|forbid(?:s|den)?|banned|bans?|outlaw(?:s|ed)|unlawful|illegal|disallow(?:s|ed)"
    r"|not (?:allowed|permitted))\b",
)
_WEAK: Final = _any(
    r"\b(?:should|ought to|recommend(?:s|ed)?|encourag\w+|(?:is|are) expected|advisable|voluntary|optional|best practice)\b"
)
_FREE: Final = _any(
    r"\b(?:may|might|can|could|allow(?:s|ed)?|permit(?:s|ted)?|free to|at liberty|entitled|option to|lawful to"
    r"|authorised|authorized)\b"
)
_MAY_MONTH: Final = re.compile(r"\bMay\b(?=\s+\d)|(?<=\d )May\b")


def spoken(text: str, days: list[Written], as_of: date, *, dated: bool = True) -> tuple[set[Status], str, bool]:
    """The verdicts that ``text`` states, the text without those words, and whether it denies something at large.

    A day after ``from`` says *upcoming* where it lies after ``as_of``, without any other word only where ``dated``.
    """
    found: set[Status] = set()
    for status, pattern in _SPOKEN:
        if status is Status.APPLIES and days and found <= {Status.UPCOMING}:
            starts = [day for day in days if day.role == "from"]
            if starts and pattern.search(text):
                found |= {Status.UPCOMING if day.earliest() > as_of else Status.APPLIES for day in starts}
                text = pattern.sub(" ", text)
        if pattern.search(text):
            found.add(status)
            text = pattern.sub(" ", text)
    if not found and dated:
        found = {Status.UPCOMING for day in days if day.role == "from" and day.earliest() > as_of}
    if found == {Status.UPCOMING, Status.APPLIES} and not [day for day in days if day.role == "from" and day.earliest() <= as_of]:
        found = {Status.UPCOMING}
    return found, text, _DENIAL.search(text) is not None


def modalities(text: str) -> frozenset[str]:
    """``forbidden``, ``must``, ``should``, ``may``: the ways in which ``text`` asks, without those inside another."""
    text = _MAY_MONTH.sub(" ", text)
    found: set[str] = set()
    for name, pattern in (("forbidden", _FORBIDDEN), ("should", _WEAK), ("must", _STRONG), ("may", _FREE)):
        if pattern.search(text):
            found.add(name)
            text = pattern.sub(" ", text)
    return frozenset(found)


def without_modality(text: str) -> str:
    for pattern in (_FORBIDDEN, _WEAK, _STRONG, _FREE):
        text = pattern.sub(" ", text)
    return text


ASKS: Final = {
    NormKind.DUTY: frozenset({"must"}),
    NormKind.PROHIBITION: frozenset({"must", "forbidden"}),
    NormKind.PERMISSION: frozenset({"may"}),
    NormKind.EXPECTATION: frozenset({"should"}),
    NormKind.RIGHT: frozenset({"may"}),
    NormKind.SCOPE_RULE: frozenset(),
}
