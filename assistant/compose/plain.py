"""The composer that needs no model: clear prose from the verdicts, each sentence with its passages."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.compose.changing import days, options
from assistant.compose.controls import controls
from assistant.compose.explaining import explained
from assistant.compose.material import Material
from assistant.compose.obligations import exempt, obligations, undetermined
from assistant.compose.premises import corrections
from assistant.compose.questions_of_law import definitions, instruments, interpretations
from assistant.model import Claim, Draft, Ground, Intent, PassageKind
from kg_service.applicability.evaluate import IN_EFFECT, Evaluator
from kg_service.model import Knowledge, Norm, NormId

NAME = "composer"
_LAW_MOST = 2
_NAMED_MOST = 6
_DESCRIBED = 4


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
    named = _named(material)
    yield from corrections(material)
    if ground.understanding.interpretations:
        yield from interpretations(material, _LAW_MOST)
    if ground.difference is not None:
        yield from days(material)
        return
    if ground.comparison is not None:
        yield from options(material)
        return
    if Intent.CONTROLS in asked:
        yield from controls(material, named or _of_instruments(material))
        return
    if Intent.DEFINE in asked or Intent.EXPLAIN in asked:
        if not ground.understanding.interpretations and not named:
            yield from interpretations(material, _LAW_MOST)
        if Intent.DEFINE in asked:
            yield from definitions(material, _LAW_MOST)
        yield from explained(material, named[:_NAMED_MOST])
    if not ground.facts or not (Intent.APPLIES in asked or _describes(material, named)):
        yield from _in_general(material, named)
        return
    yield from obligations(material)
    yield from exempt(material)
    if material.norms(*IN_EFFECT):
        yield from undetermined(material)
    elif ground.understanding.instruments:
        yield from explained(material, _of_instruments(material)[:_NAMED_MOST])
    if Intent.DEFINE not in asked and not ground.understanding.interpretations and material.norms(*IN_EFFECT):
        yield from interpretations(material, _LAW_MOST, brief=True)


def _describes(material: Material, named: list[Norm]) -> bool:
    """Whether a question without a clear intent describes a deployment rather than asks about the law."""
    understanding = material.ground.understanding
    law = named or understanding.interpretations or understanding.qualifications or understanding.premises
    clear = {Intent.EXPLAIN, Intent.CONTROLS, Intent.CHANGES, Intent.COMPARE} & set(understanding.intents)
    return not law and not clear and len(understanding.readings) >= _DESCRIBED


def _in_general(material: Material, named: list[Norm]) -> Iterator[Claim]:
    """Without a deployment: the instruments named, and what their provisions ask where they apply."""
    yield from instruments(material)
    if not named:
        yield from explained(material, (_of_instruments(material) or material.norms())[:_NAMED_MOST])


def _of_instruments(material: Material) -> list[Norm]:
    """The norms at hand of the instruments that the question names."""
    wanted = {str(name) for name in material.ground.understanding.instruments}
    return [norm for norm in material.norms() if norm.instrument in wanted]


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
