"""The composer that needs no model: clear prose from the verdicts, each sentence with its passages."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.compose.changing import beginnings, days, options
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
    if Intent.DEFINE in asked and ground.understanding.qualifications:  # a conclusion by its name: first what it means
        yield from definitions(material, _LAW_MOST)
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
    describes = _describes(material, named)
    if asked & {Intent.DEFINE, Intent.EXPLAIN} and not describes:
        yield from _of_law(material, named, define=Intent.DEFINE in asked)
        if Intent.APPLIES not in asked:
            return
    if not material.norms(*IN_EFFECT):
        yield from _in_general(material, named)
        return
    yield from obligations(material)
    yield from exempt(material)
    yield from undetermined(material)
    if not ground.understanding.interpretations and Intent.DEFINE not in asked:
        yield from interpretations(material, _LAW_MOST, brief=True)


def _of_law(material: Material, named: list[Norm], *, define: bool) -> Iterator[Claim]:
    """A question about the law itself: the answers that stand in the graph, conclusions, and the provisions named."""
    if not material.ground.understanding.interpretations:
        yield from interpretations(material, _LAW_MOST)
    if define:
        yield from definitions(material, _LAW_MOST)
    if named:
        yield from explained(material, named[:_NAMED_MOST])
    else:
        yield from instruments(material)
        yield from explained(material, _of_instruments(material)[:_NAMED_MOST])


def _describes(material: Material, named: list[Norm]) -> bool:
    """Whether a question without a clear intent describes a deployment rather than asks about the law."""
    understanding = material.ground.understanding
    law = named or understanding.interpretations or understanding.premises
    clear = {Intent.EXPLAIN, Intent.CONTROLS, Intent.CHANGES, Intent.COMPARE} & set(understanding.intents)
    return not law and not clear and len(understanding.readings) >= _DESCRIBED


def _in_general(material: Material, named: list[Norm]) -> Iterator[Claim]:
    """Where nothing can be said to apply: questions of law, what begins, and what the provisions at hand ask where they apply."""
    if not material.ground.understanding.interpretations and Intent.DEFINE not in material.ground.understanding.intents:
        yield from interpretations(material, _LAW_MOST)
    yield from instruments(material)
    if Intent.CHANGES in material.ground.understanding.intents and not named:
        yield from beginnings(material, _of_instruments(material))
    else:
        yield from explained(material, (named or _of_instruments(material) or _found(material))[:_NAMED_MOST])


def _found(material: Material) -> list[Norm]:
    """What the search found for a question without facts."""
    return [] if material.ground.facts else material.norms()


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
