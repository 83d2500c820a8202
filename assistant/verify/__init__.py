"""Verification: every sentence of a draft is held against the graph and the passages it cites; what fails is taken out.

Pure: the standard library, the assistant's types and the law's model. ``docs/assistant.md`` says what is checked and why.
"""

from __future__ import annotations

from typing import Final

from assistant.model import Claim, Draft, Dropped, Ground
from assistant.verify.checker import Checker
from assistant.verify.evidence import Gatherer
from assistant.verify.hygiene import ngrams
from assistant.verify.names import Names
from assistant.verify.reasons import Reason
from kg_service.model import Knowledge

__all__ = ["Reason", "Verifier", "verify"]

_VERSIONS: Final = 3


class Verifier:
    """Verifies drafts against one version of the knowledge; what passages hold is gathered once. Safe in threads.

    ``secret`` are texts of which no run of seven words may be shown: the prompts of a model.
    """

    def __init__(self, knowledge: Knowledge, secret: tuple[str, ...] = ()) -> None:
        self.knowledge = knowledge
        self._names = Names(knowledge.instruments)
        self._gatherer = Gatherer(knowledge)
        self._secret = ngrams(secret)

    def verify(self, draft: Draft, ground: Ground) -> tuple[tuple[Claim, ...], tuple[Dropped, ...]]:
        """The sentences that hold, in order, and those that do not, each with its reason."""
        checker = Checker(self.knowledge, ground, self._names, self._gatherer, self._secret)
        kept: list[Claim] = []
        dropped: list[Dropped] = []
        for claim in draft.claims:
            reason = checker.fault(claim)
            if reason is None:
                kept.append(checker.kept(claim))
            else:
                dropped.append(Dropped(claim.text, reason.value))
        return tuple(kept), tuple(dropped)


_known: dict[str, Verifier] = {}


def verify(
    draft: Draft, ground: Ground, knowledge: Knowledge, secret: tuple[str, ...] = ()
) -> tuple[tuple[Claim, ...], tuple[Dropped, ...]]:
    """The sentences of ``draft`` that hold against ``ground``, and those that do not, each with its reason."""
    if secret:
        return Verifier(knowledge, secret).verify(draft, ground)
    verifier = _known.get(knowledge.version)
    if verifier is None or verifier.knowledge is not knowledge:
        if len(_known) >= _VERSIONS:
            _known.clear()
        verifier = _known[knowledge.version] = Verifier(knowledge)
    return verifier.verify(draft, ground)
