"""What a place is the place of, told by the words that stand nearest to it: where no row of words took the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.understanding.pattern import Group
from assistant.understanding.words import CLAUSE, COMMA, Word, listed

_PEOPLE: Final = listed(
    """customer customers client clients consumer consumers borrower borrowers applicant applicants user users policyholder
    policyholders investor investors resident residents citizen citizens household households people person persons individual
    individuals cardholder cardholders holder holders saver savers depositor depositors debtor debtors driver drivers motorist
    motorists member members lessee lessees tenant tenants shopper shoppers buyer buyers homeowner homeowners homebuyer homebuyers
    farmer farmers freelancer freelancers trader traders punter punters family families patient patients pensioner pensioners
    student students merchant merchants shopkeeper shopkeepers shop shops folk folks subscriber subscribers claimant claimants
    caller callers insured employees staffers jobseekers candidates workers entrepreneurs sme smes businesses firms companies
    clientele market markets public readers whom audience retail live living lives reside residing resident population
    territory reach serve serves serving cover covers covering available passport passported onboard lend lends everyone anyone
    motorists retirees newcomers migrants craftsmen tradesmen landlords gig mortgages loans policies accounts"""
)
_COMPUTERS: Final = listed(
    """server servers rack racks machine machines box boxes cloud region regions zone hosted host hosting hoster hosts runs run
    running ran sits sit stored store kept keeps copy backup backups back-up failover fallback centre center datacentre
    datacenter data-centre hall basement cellar cluster gpu gpus tenant tenancy vault aws azure gcp ovh hetzner scaleway
    hardware kit idc farm computer computers replica mirror endpoint stack data storage stands stay stays logs instance
    bedrock on-prem premises location processed compute colo colocation hardware premises room boxes standby"""
)
_SUPPLIER: Final = listed(
    """vendor vendors supplier suppliers provider providers maker makers made built bought buy buying purchased purchase licensed
    licence license supplied supplies sold comes came product package outfit start-up startup developer editor bid bids bidder
    bidders offer offers proptech regtech fintech insurtech lab university spin-off partner contractor integrator consultancy
    house shop firm developed developers software rented rent rents trained wrote origin off-the-shelf ready-made made-in
    shortlist finalists"""
)
_BUYERS: Final = listed("sell sells selling sold market marketed license licenses supply supplies issuers plug resell rent rents")
_SEAT: Final = listed(
    """we our us bank office offices branch branches headquarters based licensed licence insurer lender broker brokerage company
    institution society union fund desk entity seat"""
)
_OTHERS: Final = listed(
    """old older former formerly previous previously earlier past ago before until used yesterday unrelated separate different
    other another cousin sister holiday conference trip visit visited travel travelled born passport accent language speaks drove
    flew from-home law court regulator supervisor authority act case news magazine newspaper paper rumour founded grew"""
)
_SIDE: Final = ("persons_in", "hosting_in", "provider_in", "marketed_in")
_CUES: Final = {"persons_in": _PEOPLE, "hosting_in": _COMPUTERS, "provider_in": _SUPPLIER, "marketed_in": _BUYERS}
_HEADS: Final = {
    "provider_in": listed(
        """vendor supplier provider maker editor house outfit start-up startup developer consultancy lab proptech university
        partner integrator builder manufacturer company firm shop boutique giant player subsidiary"""
    ),
    "hosting_in": listed("region zone server servers datacentre datacenter backup cloud hoster site mirror cluster racks"),
    "persons_in": _PEOPLE,
}
_OPEN: Final = listed(
    """if once tbc tbd pending maybe perhaps possibly later soon next follow follows open undecided table discussion weighed
    considered explored may might could probably eventually afterwards someday planned unclear unsure plan ask
    question hopefully hope depends maybe thinks weighs undecided deciding pondered mulled conceivably sought
    discussed when"""
)
_PERHAPS: Final = listed("maybe perhaps possibly probably conceivably eventually might may could hopefully")
_FAR: Final = 7


def nearest_role(group: Group, words: Sequence[Word]) -> str | None:
    """The fact whose words stand nearest to ``group`` in its sentence; None where nothing is near, or what is near is past or
    another's."""
    sentence = words[group.first].sentence
    begin, end = group.first, group.last
    while begin > 0 and words[begin].stop < CLAUSE and group.first - begin < 20:
        begin -= 1
    while end + 1 < len(words) and words[end + 1].stop < CLAUSE and end - group.last < 20:
        end += 1
    if any(words[place].low in _OTHERS for place in (*range(begin, group.first), *range(group.last + 1, end + 1))):
        return None
    if group.kind == "adj":
        return _headed(group, words)
    best: tuple[float, str] | None = None
    for fact in _SIDE:
        cues = _CUES[fact]
        for place in range(max(0, group.first - 2 * _FAR), min(len(words), group.last + 2 * _FAR)):
            if group.first <= place <= group.last or words[place].sentence != sentence or words[place].low not in cues:
                continue
            gap = _gap(place, group, words)
            if gap <= _FAR and (best is None or gap < best[0]):
                best = (gap, fact)
    return None if best is None else best[1]


def _headed(group: Group, words: Sequence[Word]) -> str | None:
    """The fact of the noun that the adjective of ``group`` stands before."""
    for place in range(group.last + 1, min(group.last + 4, len(words))):
        if words[place].stop:
            return None
        for fact in ("provider_in", "hosting_in", "persons_in"):
            if words[place].low in _HEADS[fact]:
                return fact
    return None


def open_yet(group: Group, words: Sequence[Word]) -> bool:
    """Whether what stands behind ``group`` in its clause leaves it open: "Malta if we get round to it", "Canada TBD"."""
    for place in range(group.last + 1, min(group.last + 8, len(words))):
        if words[place].stop >= CLAUSE or (
            words[place].stop == COMMA and place > group.last + 1 and words[place].low not in _OPEN
        ):
            break
        if words[place].low in _OPEN:
            return True
    for place in range(group.first - 1, max(-1, group.first - 5), -1):
        if words[place].low in _PERHAPS:
            return True
        if words[place + 1].stop >= COMMA:
            break
    return False


def _gap(place: int, group: Group, words: Sequence[Word]) -> float:
    """How far the word at ``place`` is from ``group``; what stands behind it is farther, and so is what is in another clause."""
    low, high = (place, group.first) if place < group.first else (group.last, place)
    stops = sum(3.0 if words[at].stop >= CLAUSE else 1.0 if words[at].stop == COMMA else 0.0 for at in range(low + 1, high + 1))
    behind = 2.0 if place > group.last and group.kind == "place" else 0.0
    return high - low + stops + behind


__all__ = ["nearest_role"]
