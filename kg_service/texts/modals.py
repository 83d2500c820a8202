"""Sentences that oblige, found by their grammar: who, must what, when. Pure; a reading aid and never a legal conclusion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Force(StrEnum):
    """What the modal words of a sentence make of it."""

    DUTY = "duty"
    PROHIBITION = "prohibition"
    RIGHT = "right"
    EXPECTATION = "expectation"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One sentence that obliges. ``bearer`` is empty where the sentence does not name who acts (the passive voice)."""

    force: Force
    bearer: str
    action: str
    condition: str
    to_authority: bool
    sentence: str


_END: Final = re.compile(r"(?<=[.;:])\s+(?=[“‘'\"(]?[A-Z])|\n")
_MODAL: Final = re.compile(
    r"\b(?:(?P<not>(?:shall|must|may|should)\s+not|may\s+only|shall\s+never|(?:shall\s+be|is|are)\s+(?:hereby\s+)?prohibited|it\s+(?:is|shall\s+be)"
    r"\s+(?:unlawful|prohibited))|(?P<right>shall\s+have\s+the\s+right|has\s+the\s+right|have\s+the\s+right)"
    r"|(?P<must>shall|must|(?:is|are)\s+(?:required|obliged)\s+to|ha(?:s|ve)\s+to)|(?P<should>should|(?:is|are)\s+expected\s+to|expects?))\b",
    re.IGNORECASE,
)
_NOT_DUTIES: Final = re.compile(
    r"^\W*(?:also\s+|not\s+|only\s+|therefore\s+|in\s+any\s+event\s+|be\s+)*(?:apply|mean|enter\s+into\s+force|affect|cease\s+to"
    r"|prevail|binding\s+in|understood|construed|deemed|considered|regarded|interpreted|without\s+prejudice|repealed|conferred"
    r"|prejudice|preclude|prevent\s+(?:the\s+)?(?:Commission|Member)|amended|replaced|inserted|deleted|constitute)\b",
    re.IGNORECASE,
)
_LEAD: Final = re.compile(
    r"^(?:Where|When|If|In\s+(?:the\s+)?(?:case|cases|event|addition|order|so\s+far|accordance)|Unless|Before|Prior\s+to|Upon|Without|By\s+(?:way|derogation)"
    r"|Subject\s+to|For|To|As|After|Until|Notwithstanding|At|On|Following|Taking|Having|Within|Except|With|During|Under|Pursuant)\b"
)
_CONDITION: Final = re.compile(
    r"\b(?:where|if|when|unless|provided\s+that|except|in\s?so\s?far\s+as|to\s+the\s+extent|before|after|within\s+\d+|without\s+undue"
    r"|no\s+later\s+than|upon|prior\s+to|as\s+soon\s+as)\b",
    re.IGNORECASE,
)
_AUTHORITY: Final = re.compile(
    r"\b(?:Member\s+States?|Commission|AI\s+Office|Board|EBA|ESMA|EIOPA|ESAs?|ECB|AMLA|FIUs?|ENISA|EDPB|CSIRTs?|European\s+Parliament|Council|Lead\s+Overseers?"
    r"|Oversight\s+Forum|Joint\s+(?:Committee|Examination|examination)|[A-Za-z-]+\s+authorit(?:y|ies)|authorit(?:y|ies)|notified\s+bod(?:y|ies)"
    r"|scientific\s+panel|advisory\s+forum|delegated\s+acts?|implementing\s+acts?|technical\s+standards|delegation\s+of\s+power|courts?|Secretary"
    r"|Director|Comptroller|Bureau|President)\b"
)
_ARTICLES: Final = re.compile(r"^(?:the|a|an|any|each|every|such|that|those|these)\s+", re.IGNORECASE)
_PASSIVE: Final = re.compile(
    r"^\W*(?:not\s+|also\s+|only\s+)*be\s+(?:\w+ly\s+)?\w+(?:ed|en|wn|de|ld|pt|id|ut|it)\b", re.IGNORECASE
)
_PERSONS: Final = re.compile(
    r"\b(?:provider|deployer|controller|processor|entit|institution|firm|bank|creditor|lender|broker|undertaking|person|operator|manufacturer|importer"
    r"|distributor|representative|officer|bod(?:y|ies)|compan|issuer|trader|insurer|intermediar|licensee|custodian|depositar|user|applicant"
    r"|employer|organi[sz]ation|consumer|investor|holder|recipient|member|servicer|participant|it|they|who|whoever|we|staff|management)\w*",
    re.IGNORECASE,
)
_LONGEST_BEARER: Final = 24


def obligations(text: str) -> Iterator[Obligation]:
    """The sentences of ``text`` that oblige, in order."""
    for sentence in _END.split(text):
        found = _obligation(sentence.strip())
        if found is not None:
            yield found


def _obligation(sentence: str) -> Obligation | None:
    modals = list(_MODAL.finditer(sentence))
    for modal in modals:
        if _NOT_DUTIES.match(sentence[modal.end() :]) and modal["right"] is None:
            continue
        lead, bearer = _before(sentence[: modal.start()])
        if len(bearer.split()) > _LONGEST_BEARER and modal is not modals[-1]:
            continue
        action, trailing = _after(sentence[modal.end() :])
        names = _PERSONS.search(bearer) or _AUTHORITY.search(bearer) or not _PASSIVE.match(sentence[modal.end() :])
        condition = "; ".join(part for part in (lead, trailing) if part)
        return Obligation(_force(modal), _plain(bearer) if names else "", action, condition, _to_authority(bearer), sentence)
    return None


def _force(modal: re.Match[str]) -> Force:
    if modal["not"]:
        return Force.PROHIBITION
    if modal["right"]:
        return Force.RIGHT
    return Force.DUTY if modal["must"] else Force.EXPECTATION


def _before(text: str) -> tuple[str, str]:
    """The clause that leads and the words that name the bearer."""
    text = text.strip()
    if not _LEAD.match(text):
        return "", text.rstrip(",")
    parts = text.rstrip(",").split(", ")
    if len(parts) == 1:
        return "", text.rstrip(",")
    at = len(parts) - 1
    while at > 1 and (len(parts[at].split()) < 2 or parts[at].lower().startswith(("or ", "and ", "as appropriate", "where "))):
        at -= 1
    return ", ".join(parts[:at]), ", ".join(parts[at:])


def _after(text: str) -> tuple[str, str]:
    """The action and the condition that trails it."""
    text = text.strip(" ,:")
    found = next((match for match in _CONDITION.finditer(text) if match.start() > 8), None)
    if found is None:
        return text, ""
    return text[: found.start()].rstrip(" ,"), text[found.start() :].rstrip(" .;:,")


def _to_authority(bearer: str) -> bool:
    """Whether an authority must act: it is named first among those who act."""
    found = _AUTHORITY.search(bearer)
    other = _PERSONS.search(bearer)
    return found is not None and (other is None or found.start() <= other.start())


def _plain(bearer: str) -> str:
    return _ARTICLES.sub("", bearer.strip(" ,;:–-")).strip()
