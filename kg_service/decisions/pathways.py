"""The implementation pathways of decision 6 as changes of facts: which are feasible, what each answers otherwise, why. Pure.

Four choices span them: whose model (open or proprietary), who builds the application (in house or a vendor), where it runs, and
how the model is adapted. A fact that the choice settles is set; one that it leaves open keeps the answer of the base deployment
only where the base runs the same model in the same place, else it is unanswered until somebody answers it (``assume``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

from kg_service.applicability.facts import Answer, Facts
from kg_service.model import FactId, TermId

AXES: Final[Mapping[str, tuple[str, ...]]] = {
    "model": ("open", "proprietary"),
    "supply": ("in_house", "vendor"),
    "hosting": ("on_premises", "private_cloud", "public_cloud", "vendor_saas"),
    "adaptation": ("prompting", "retrieval", "tuning"),
}
VALUES: Final = tuple(value for values in AXES.values() for value in values)
FIXED: Final = frozenset(map(FactId, ("model_source", "hosting", "adaptation")))

_ADAPTATION: Final = {
    "prompting": ("prompting",),
    "retrieval": ("prompting", "retrieval_augmentation"),
    "tuning": ("prompting", "parameter_efficient_tuning"),
}
_TUNED: Final = frozenset(map(TermId, ("parameter_efficient_tuning", "full_fine_tuning", "pre_training")))
_ABOUT_SUPPLIER: Final = (
    "provider_in",
    "hosting_in",
    "transfer_to",
    "subcontracting",
    "vendor_designation",
    "supplier_ongoing_service",
)
_NO_SUPPLIER: Final = "the institution runs downloaded weights on its own computers; no supplier delivers a service for it"


@dataclass(frozen=True, slots=True)
class Pathway:
    """One value of each axis."""

    model: str
    supply: str
    hosting: str
    adaptation: str

    @property
    def values(self) -> tuple[str, str, str, str]:
        return (self.model, self.supply, self.hosting, self.adaptation)

    @property
    def id(self) -> str:
        return "/".join(self.values)

    @property
    def source(self) -> str:
        """The term of ``model_source`` that this pathway answers."""
        if self.supply == "vendor":
            return "vendor_application"
        return "open_weight" if self.model == "open" else "proprietary_api"

    @property
    def supplied(self) -> bool | None:
        """Whether a supplier goes on delivering a service; None where the pathway does not tell."""
        if self.supply == "vendor" or self.source == "proprietary_api" or self.hosting == "public_cloud":
            return True
        return None if self.hosting == "private_cloud" else False


@dataclass(frozen=True, slots=True)
class Setting:
    """One fact that a pathway answers otherwise than the base, or leaves open (None), with the reason."""

    fact: FactId
    answer: Answer | None
    reason: str


@dataclass(frozen=True, slots=True)
class Option:
    """A feasible pathway with its complete facts and each fact that it sets or opens."""

    pathway: Pathway
    facts: Facts
    settings: tuple[Setting, ...]

    @property
    def opened(self) -> tuple[FactId, ...]:
        """The facts that the base answers and this pathway leaves open."""
        return tuple(one.fact for one in self.settings if one.answer is None)


def all_pathways() -> tuple[Pathway, ...]:
    """Every combination, feasible or not, in the order of the axes."""
    return tuple(Pathway(*values) for values in product(*AXES.values()))


def obstacle(pathway: Pathway) -> str | None:
    """Why the combination cannot be built, or None where it can."""
    if pathway.supply == "in_house" and pathway.hosting == "vendor_saas":
        return "a vendor's hosted application is supplied by a vendor: what the institution builds itself does not run as one"
    if pathway.source == "proprietary_api" and pathway.hosting == "on_premises":
        return (
            "the supplier of a proprietary model runs it and keeps its weights: what is built in house calls it in a cloud. "
            "A proprietary model on own computers comes as a vendor's installed application"
        )
    return None


def options(
    base: Facts, assume: Mapping[str, Facts], known: Iterable[FactId], only: Mapping[str, frozenset[str]] | None = None
) -> tuple[Option, ...]:
    """The feasible pathways over ``base``, in order. ``assume`` answers facts for pathways that have all the values in its key.

    A key joins values with ``+`` (``vendor``, ``open+public_cloud``); the more values, the later it is applied. ``only`` keeps,
    for the axes named, the pathways with one of the values. Facts not in ``known`` are not set.
    """
    allowed = frozenset(known)
    kept = only or {}
    return tuple(
        _option(base, pathway, assume, allowed)
        for pathway in all_pathways()
        if obstacle(pathway) is None
        and all(value in kept.get(axis, (value,)) for axis, value in zip(AXES, pathway.values, strict=True))
    )


def _option(base: Facts, pathway: Pathway, assume: Mapping[str, Facts], known: frozenset[FactId]) -> Option:
    settings = {one.fact: one for one in _settings(base, pathway) if one.fact in known}
    for key in sorted(assume, key=lambda key: key.count("+")):
        if set(key.split("+")) <= set(pathway.values):
            for fact, answer in assume[key].items():
                settings[fact] = Setting(fact, answer, f"assumed for {key}")
    facts = dict(base)
    changed: list[Setting] = []
    for fact, setting in settings.items():
        if setting.answer is None:
            facts.pop(fact, None)
        else:
            facts[fact] = setting.answer
        if base.get(fact) != setting.answer:
            changed.append(setting)
    return Option(pathway, {fact: facts[fact] for fact in (*base, *facts) if fact in facts}, tuple(changed))


def _terms(*terms: str) -> frozenset[TermId]:
    return frozenset(map(TermId, terms))


def _settings(base: Facts, pathway: Pathway) -> Iterable[Setting]:
    yield Setting(FactId("model_source"), _terms(pathway.source), "who supplies the model")
    yield Setting(FactId("hosting"), _terms(pathway.hosting), "where it runs")
    yield Setting(FactId("adaptation"), _terms(*_ADAPTATION[pathway.adaptation]), "how the model is adapted")
    technology = base.get(FactId("technology"))
    if isinstance(technology, frozenset) and "generative_ai" not in technology:
        answer = (technology - {TermId("rules_only")}) | {TermId("generative_ai")}
        yield Setting(FactId("technology"), answer, "each pathway uses a language model")
    yield from _supplier_settings(base, pathway)
    yield from _use_settings(base, pathway)


def _supplier_settings(base: Facts, pathway: Pathway) -> Iterable[Setting]:
    """What the choice of supplier and place settles; the base answers where it has the same of both."""
    same = base.get(FactId("model_source")) == _terms(pathway.source) and base.get(FactId("hosting")) == _terms(pathway.hosting)
    settled: dict[str, Answer] = {}
    if pathway.supplied:
        settled["supplier_ongoing_service"] = True
    elif pathway.supplied is False:
        settled = {
            "supplier_ongoing_service": False,
            "subcontracting": False,
            "vendor_designation": frozenset(),
            "transfer_to": _terms("none"),
        }
    for name in _ABOUT_SUPPLIER:
        fact = FactId(name)
        if same and fact in base:
            continue
        if name in settled:
            yield Setting(fact, settled[name], "a supplier delivers it" if pathway.supplied else _NO_SUPPLIER)
        elif not same:
            yield Setting(fact, None, "depends on the supplier or the place, which differ from the base")
    own = FactId("own_brand")
    if pathway.supply == "in_house":
        yield Setting(own, True, "what the institution builds itself goes into service under its own name")
    elif base.get(FactId("model_source")) != _terms(pathway.source):
        yield Setting(own, None, "depends on the vendor's contract: under whose name the application runs")


def _use_settings(base: Facts, pathway: Pathway) -> Iterable[Setting]:
    """What tuning does to the use of data and to the model."""
    use, tuned = FactId("data_use"), pathway.adaptation == "tuning"
    answer = base.get(use)
    if isinstance(answer, frozenset):
        kept = answer - _terms("fine_tuning", "model_training")
        if pathway.supplied is False:
            kept -= _terms("vendor_own_purposes")
        if tuned:
            kept |= _terms("fine_tuning")
        yield Setting(use, kept or _terms("inference_only"), "tuning uses data" if tuned else "data are used as the model runs")
    before = base.get(FactId("adaptation"))
    if isinstance(before, frozenset):
        was_tuned = bool(before & _TUNED)
        if tuned and not was_tuned:
            for name in ("substantial_modification", "modification_compute_share"):
                yield Setting(FactId(name), None, "depends on the tuning, which the base does not have")
        elif not tuned and was_tuned:
            yield Setting(FactId("modification_compute_share"), None, "the model is not modified")
