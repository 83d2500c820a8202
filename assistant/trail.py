"""What the audit trail says of an answer: which question, facts, knowledge, prompt, model and answer (as a hash). Pure."""

from __future__ import annotations

import hashlib

from assistant.exchange import Asking
from assistant.model import Answer
from kg_service.applicability.facts import plain_facts
from kg_service.audit.event import Draft


def draft_of(asking: Asking, answer: Answer, prompt_hash: str | None) -> Draft:
    """The event. The question stands in the notes, where it can be erased; a hash without a key would let it be guessed."""
    inputs = {f"document-{n}": _hash(text) for n, text in enumerate(asking.documents, 1)}
    told = {
        "facts": plain_facts(answer.facts),
        "as_of": answer.as_of.isoformat(),
        "composer": answer.composer,
        "prompt": prompt_hash,
        "answer": _hash(answer.text),
        "norms": sorted({norm for claim in answer.claims for norm in claim.norms}),
        "refused": answer.refused,
        "dropped": len(answer.dropped),
    }
    subject = f"answer/{_hash(answer.text).removeprefix('sha256:')[:16]}"
    return Draft("answer.given", subject, after=told, inputs=inputs, notes={"question": asking.question})


def _hash(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
