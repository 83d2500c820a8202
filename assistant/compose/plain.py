"""The composer that needs no model: clear prose from the verdicts, each sentence with its passages."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.compose.changing import days, options
from assistant.compose.controls import controls
from assistant.compose.explaining import explained
from assistant.compose.material import Material
from assistant.compose.obligations import exempt, obligations, undetermined
from assistant.compose.premises import corrections
from assistant.compose.questions_of_law import definitions, interpretations
from assistant.model import Claim, Draft, Ground, Intent, PassageKind
from kg_service.applicability.evaluate import Evaluator
from kg_service.model import Knowledge, Norm, NormId

NAME = "composer"
_LAW_MOST = 2
_NAMED_MOST = 6


class PlainComposer:
    """Composes without a model. The same ground gives the same answer."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def compose(self, ground: Ground, knowledge: Knowledge) -> Draft:
        """Every statement that the ground supports for what was asked, the most important first."""
        if knowledge.version != self._evaluator.knowledge.version:
            raise ValueError("the composer and the ground are of two versions of the knowledge")
        material = Material(ground, self._evaluator)
        claims = dict.fromkeys(claim for claim in _parts(material) if claim.citations)
        return Draft(tuple(claims), NAME)


def _parts(material: Material) -> Iterator[Claim]:
    ground = material.ground
    asked = set(ground.understanding.intents)
    yield from corrections(material)
    if ground.difference is not None:
        yield from days(material)
        return
    if ground.comparison is not None:
        yield from options(material)
        return
    named = _named(material)
    if Intent.CONTROLS in asked:
        yield from controls(material, named)
        return
    if Intent.DEFINE in asked or (Intent.EXPLAIN in asked and not named):
        yield from interpretations(material, _LAW_MOST)
        if Intent.DEFINE in asked:
            yield from definitions(material, _LAW_MOST)
    if asked & {Intent.EXPLAIN, Intent.DEFINE}:
        yield from explained(material, named[:_NAMED_MOST])
        if Intent.APPLIES not in asked:
            return
    if not ground.facts:
        yield from _in_general(material, named)
        return
    yield from obligations(material)
    yield from exempt(material)
    yield from undetermined(material)
    if Intent.DEFINE not in asked:
        yield from interpretations(material, _LAW_MOST, brief=True)


def _in_general(material: Material, named: list[Norm]) -> Iterator[Claim]:
    """Without facts: what the provisions at hand ask where they apply, and the questions of law."""
    yield from interpretations(material, _LAW_MOST)
    yield from explained(material, named[:_NAMED_MOST] or material.norms()[:_NAMED_MOST])


def _named(material: Material) -> list[Norm]:
    """The norms that the question names and that are at hand."""
    norms = [material.law.norms[name] for name in material.ground.understanding.norms if name in material.law.norms]
    found = [norm for norm in norms if material.has(norm)]
    pins = material.ground.understanding.provisions
    at_hand = [
        material.law.norms[NormId(one.passage.about)]
        for one in material.of(PassageKind.NORM)
        if one.passage.about is not None and any(one.passage.instrument == name for name, _ in pins)
    ]
    return found or [norm for norm in at_hand if any(at(norm.provision, pin) for _, pin in pins)]


def at(provision: str, pinpoint: str) -> bool:
    """Whether ``pinpoint`` is the provision or the article that holds it."""
    here, asked = (text.replace(" ", "").replace("Arts", "Art").lower() for text in (provision, pinpoint))
    return here == asked or (here.startswith(asked) and not here[len(asked)].isalnum())
