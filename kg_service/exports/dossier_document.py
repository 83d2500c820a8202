"""A dossier as a document that a risk committee reads: summary, initiative, the six decisions, what is coming, annexes. Pure.

Every format is rendered from this one; see :mod:`kg_service.exports.dossiers`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kg_service.applicability.condition import qualifications_of
from kg_service.applicability.evaluate import Status
from kg_service.decisions.coverage import Standing
from kg_service.decisions.gaps import Gap, GapKind
from kg_service.dossiers.criteria import GATES
from kg_service.dossiers.guards import earlier_open
from kg_service.dossiers.model import DECISIONS, Decision, Met, State
from kg_service.exports import dossier_tools as tools
from kg_service.exports.blocks import Block, Bullets, Cell, Document, Paragraph, Section, Table, cells, clean, columns, listed
from kg_service.exports.dossier_annexes import annexes
from kg_service.exports.dossier_content import Content
from kg_service.exports.dossier_wording import (
    DECISION_STATE,
    GAP,
    controls_told,
    fact_told,
    norms_cell,
    severity_cell,
)
from kg_service.model import QualificationId

NOTICE: Final = (
    "Information, not legal advice. Obligations are computed from facts that were given and from law as it was read and "
    "recorded; summaries are not the words of the law, and each points to the official text. Money, grades and scores are "
    "assumptions of their authors."
)
_MET: Final = {
    Met.MET: ("met", "good"),
    Met.NOT_MET: ("not met", "bad"),
    Met.NOT_APPLICABLE: ("not applicable", "muted"),
}
_TOP: Final = 10
_SHOWN: Final = 25


def document(content: Content) -> Document:
    """The dossier on its day."""
    dossier = content.dossier
    seq, digest = content.head
    about = (
        ("Owner", clean(dossier.owner)),
        ("Dossier", f"{dossier.id}, version {dossier.version}"),
        ("Assessed for", content.day.isoformat()),
        ("Written on", content.ground.today.isoformat()),
        ("Knowledge version", content.assessment.knowledge_version),
        ("Head of the audit trail", f"event {seq}, {digest}"),
    )
    sections = [
        *_summary(content),
        *_initiative(content),
        *(section for number in DECISIONS for section in _decision(content, number)),
        *_coming(content),
        *_open(content),
        *annexes(content),
    ]
    return Document(
        title=clean(dossier.name),
        subtitle="Dossier of the six decisions",
        about=about,
        notice=NOTICE,
        sections=tuple(sections),
        created=content.ground.now.isoformat(),
        keywords=(str(dossier.id), content.assessment.knowledge_version),
    )


def _summary(content: Content) -> Iterator[Section]:
    dossier, overall = content.dossier, content.overall
    states = Counter(one.state for one in dossier.decisions)
    closed = sum(one.closed for one in dossier.decisions)
    cover = overall.coverage
    applying = sum(1 for one in overall.obligations if one.verdict.status is Status.APPLIES)
    lead = [
        _standing_told(closed, states),
        (
            f"{cover.norms} obligations are in effect: {applying} apply and {cover.norms - applying} are upcoming. "
            f"{cover.met} rest on a control in place or tested, {cover.norms - cover.met} do not."
            + (f" For {cover.undetermined} more it cannot be told yet." if cover.undetermined else "")
        ),
        *tools.summary(content),
    ]
    if dossier.description:
        yield Section("Executive summary", 1, (Paragraph(clean(dossier.description), "lead"), Bullets(tuple(lead))))
    else:
        yield Section("Executive summary", 1, (Bullets(tuple(lead)),))
    head = columns(("Decision", 30), ("State", 9), ("In effect", 9, True), ("Met", 7, True), ("Gaps", 7, True), ("Signed by", 22))
    rows = []
    for number in DECISIONS:
        one, review = dossier.decision(number), content.reviews[number]
        rows.append(
            cells(
                Cell(f"{number}  {clean(content.ground.guides[number].label)}", bold=True),
                Cell(str(one.state), DECISION_STATE[one.state]),
                *(Cell(str(count), number=count) for count in (review.coverage.norms, review.coverage.met, len(review.gaps))),
                _signed(one),
            )
        )
    yield Section("The six decisions", 2, (Table(head, tuple(rows), "Summary"),))
    gravest = overall.gaps[:_TOP]
    if gravest:
        more = len(overall.gaps) - len(gravest)
        after = f"{more} more stand with the decisions and in the annexes." if more > 0 else "There are no others."
        yield Section("Gravest gaps", 2, (_gap_table(content, gravest), Paragraph(after, "note")))


def _standing_told(closed: int, states: Mapping[State, int]) -> str:
    parts = [f"{count} {state}" for state in State if (count := states.get(state, 0))]
    return f"{closed} of six decisions are closed ({', '.join(parts)})."


def _signed(one: Decision) -> str:
    if one.sign_offs and one.state in ("passed", "failed"):
        last = one.sign_offs[-1]
        return clean(f"{last.name}, {last.at.date().isoformat()}")
    waivers = [waiver for waiver in one.waivers if waiver.norm is None]
    if waivers and one.state == "waived":
        return clean(f"waived by {waivers[-1].name} until {waivers[-1].expires.isoformat()}")
    return ""


def _initiative(content: Content) -> Iterator[Section]:
    rows = []
    for fact, said in content.dossier.facts.items():
        name, answer = fact_told(content.knowledge, fact, said.value)
        rows.append(cells(Cell(name, bold=True), answer, f"{said.by}, {said.at.date().isoformat()}"))
    blocks: list[Block] = [Paragraph("What was said of the initiative, by whom and when. Everything below follows from it.")]
    blocks.append(Table(columns(("Fact", 30), ("Answer", 42), ("Said by", 18)), tuple(rows), "Facts"))
    holding = _holding(content)
    if holding:
        blocks.append(
            Paragraph("In the terms of the law this is, among others: " + listed(sorted(map(clean, holding)), 24) + ".")
        )
    yield Section("The initiative", 1, tuple(blocks))


def _holding(content: Content) -> list[str]:
    """The legal conclusions that hold and on which an obligation in effect rests directly."""
    named = {
        QualificationId(name)
        for one in content.overall.obligations
        if one.met is not None
        for name in qualifications_of(one.verdict.norm.applies_when)
    }
    found = content.assessment.qualifications
    return [content.knowledge.qualifications[name].label for name in named if found.get(name)]


def _decision(content: Content, number: int) -> Iterator[Section]:
    one, guide, review = content.dossier.decision(number), content.ground.guides[number], content.reviews[number]
    blocks: list[Block] = [Paragraph(clean(guide.definition), "lead"), Paragraph(_stands(content, one))]
    yield Section(f"Decision {number}: {clean(guide.label)}", 1, tuple(blocks))
    yield Section("Criteria", 2, (_criteria(content, number),))
    signatures = list(_signatures(one))
    if signatures:
        yield Section("Signatures and waivers", 2, (Bullets(tuple(signatures)),))
    yield from tools.sections(content, number)
    if review.obligations:
        yield Section("Obligations by regime", 2, (_regimes(content, number),))
    if review.gaps:
        shown = review.gaps[:_SHOWN]
        blocks = [_gap_table(content, shown)]
        if len(review.gaps) > len(shown):
            blocks.append(Paragraph(f"{len(review.gaps) - len(shown)} less grave ones are left out here; see annex A.", "note"))
        yield Section("Gaps", 2, tuple(blocks))


def _stands(content: Content, one: Decision) -> str:
    cover = content.reviews[one.number].coverage
    text = f"State: {one.state}. {cover.norms} obligations in effect, {cover.met} of them with a control in place or tested"
    text += f"; {cover.undetermined} cannot be told." if cover.undetermined else "."
    if one.reopened is not None:
        changed = listed(one.reopened.changed, 5)
        text += f" Reopened on {one.reopened.at.date().isoformat()} ({one.reopened.cause}{': ' + changed if changed else ''})."
    return clean(text)


def _criteria(content: Content, number: int) -> Table:
    one, guide = content.dossier.decision(number), content.ground.guides[number]
    rows = []
    for criterion in guide.criteria.values():
        answer = one.criteria.get(criterion.id)
        text, shade = ("not answered", "muted") if answer is None else _MET[answer.answer]
        if criterion.id == GATES:  # the dossier itself answers this one
            text, shade = _MET[Met.NOT_MET if earlier_open(content.dossier) else Met.MET]
        told = "" if answer is None else clean(answer.because or "")
        if answer is not None and answer.evidence:
            titles = [content.dossier.evidence[name].title for name in answer.evidence if name in content.dossier.evidence]
            told = " ".join(part for part in (told, f"Shown by: {listed([clean(title) for title in titles], 6)}.") if part)
        asked = f"{clean(criterion.label)}. {clean(criterion.met_when)}"
        rows.append(cells(asked, Cell(text, shade), told))
    return Table(columns(("Criterion, and when it is met", 44), ("Answer", 12), ("Reasons and evidence", 32)), tuple(rows))


def _signatures(one: Decision) -> Iterator[str]:
    for sign in one.sign_offs:
        own = " (own dossier)" if sign.own else ""
        reason = f" {clean(sign.because)}" if sign.because else ""
        yield clean(f"{sign.outcome} by {sign.name} as {sign.role}{own} on {sign.at.date().isoformat()}.{reason}")
    for waiver in one.waivers:
        what = "the decision" if waiver.norm is None else waiver.norm
        reason = f" {clean(waiver.because)}" if waiver.because else ""
        told = f"{what} waived by {waiver.name} as {waiver.role} until {waiver.expires.isoformat()}.{reason}"
        yield clean(told)


def _regimes(content: Content, number: int) -> Table:
    knowledge, rows = content.knowledge, []
    for regime in content.reviews[number].regimes:
        instrument, cover = knowledge.instruments[regime.instrument], regime.coverage
        counts = (cover.norms, cover.met, cover.by_standing[Standing.PLANNED], cover.norms - cover.met, cover.undetermined)
        shade = "good" if cover.met == cover.norms else "warn" if cover.met else "bad"
        rows.append(
            cells(
                Cell(clean(instrument.short_title), link=instrument.url),
                *(Cell(str(count), number=count) for count in counts[:1]),
                Cell(str(counts[1]), shade if cover.norms else None, number=counts[1]),
                *(Cell(str(count), number=count) for count in counts[2:]),
            )
        )
    head = columns(
        ("Regime", 40), ("In effect", 9, True), ("Met", 8, True), ("Planned", 9, True), ("Not met", 9, True), ("Open", 8, True)
    )
    return Table(head, tuple(rows))


def _gap_table(content: Content, found: Iterable[Gap]) -> Table:
    knowledge, rows = content.knowledge, []
    for gap in found:
        if gap.kind is GapKind.OPEN and gap.fact is not None:
            name = clean(knowledge.facts[gap.fact].labels.label)
            what = Cell(f"{name}: keeps {len(gap.norms)} obligations open")
            close = clean(knowledge.facts[gap.fact].ask)
        else:
            what, close = norms_cell(knowledge, gap.norms), controls_told(knowledge, gap.controls)
            if gap.planned:
                close = f"{controls_told(knowledge, gap.planned)} (planned)"
        due = "" if gap.due is None else f", from {gap.due.isoformat()}"
        rows.append(cells(severity_cell(gap), f"{GAP[gap.kind]}{due}", what, close))
    head = columns(("Severity", 13), ("Gap", 15), ("Norm or fact", 38), ("Would close it", 28))
    return Table(head, tuple(rows))


def _coming(content: Content) -> Iterator[Section]:
    rows = []
    for one in content.overall.obligations:
        norm = one.verdict.norm
        if one.verdict.status is Status.UPCOMING and norm.applies_from is not None and norm.applies_from.day > content.day:
            rows.append((norm.applies_from.day, "begins", norm))
        if (
            norm.applies_until is not None
            and norm.applies_until.day >= content.day
            and one.verdict.status is not Status.UNDETERMINED
        ):
            rows.append((norm.applies_until.day, "ends", norm))
    if not rows:
        return
    rows.sort(key=lambda row: (row[0], row[2].id))
    table = Table(
        columns(("Day", 12), ("Change", 9), ("Norm", 54), ("Decisions", 10)),
        tuple(
            cells(day.isoformat(), change, norms_cell(content.knowledge, [norm.id]), ", ".join(map(str, norm.decisions)))
            for day, change, norm in rows
        ),
        "Timeline",
    )
    told = "What the calendar brings for these facts, as the law stands today. The dossier is evaluated again when a day comes."
    yield Section("What is coming", 1, (Paragraph(told), table))


def _open(content: Content) -> Iterator[Section]:
    items = [
        f"{clean(content.knowledge.facts[gap.fact].ask)} (keeps {len(gap.norms)} obligations open)"
        for gap in content.overall.gaps
        if gap.kind is GapKind.OPEN and gap.fact is not None
    ]
    items += [f"{name}: {clean(problem)}" for name, problem in content.problems.items()]
    if items:
        yield Section("Open questions", 1, (Bullets(tuple(items)),))
