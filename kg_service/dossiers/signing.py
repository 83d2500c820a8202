"""Signing, waiving and reopening a decision: who may, when, and what is written down. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from kg_service.dossiers.changes import without_words
from kg_service.dossiers.commands import Reopen, Sign, Waive
from kg_service.dossiers.criteria import GATES
from kg_service.dossiers.guards import (
    GapKind,
    Ground,
    assessor,
    basis_of,
    day_of,
    digest,
    gaps,
    gates,
    obstacles,
    put,
)
from kg_service.dossiers.model import (
    LAST,
    Cause,
    CriterionAnswer,
    Dossier,
    Met,
    Outcome,
    Reopening,
    SignOff,
    State,
    Waiver,
)
from kg_service.dossiers.policy import OwnApproval, Policy
from kg_service.errors import ConflictError, ForbiddenError, InputError, Problem, nearest
from kg_service.people.model import LOCAL, Principal, Role

_MOST_SIGNATURES: Final = 200


def sign(command: Sign, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    """The decision is passed or failed by the actor's signature over the dossier as it lay there.

    Raises:
        ForbiddenError: where the actor has no role that signs it, or it is their own dossier.
        ConflictError: where it is passed already, or something keeps it from being passed; each obstacle with what to do.
    """
    role = _role(actor, ground.policy.signers[command.decision], f"sign decision {command.decision}")
    own = _require_other(dossier, actor, ground.policy)
    one = dossier.decision(command.decision)
    if one.state in (State.PASSED, State.FAILED):
        told = f"decision {one.number} is {one.state} already; reopen it first, with the reason."
        raise ConflictError([Problem(f"/decisions/{one.number}", "already-signed", told)])
    found = assessor(dossier, ground)(day_of(dossier, ground))
    blocking: Iterable[Problem] = ()
    if command.outcome is Outcome.PASSED:
        blocking = obstacles(dossier, one.number, found, ground)
    elif one.number == LAST:
        blocking = gates(dossier)
    _refuse(blocking)
    _room(len(one.sign_offs))
    basis = basis_of(dossier, one.number, found, ground)
    signature = SignOff(
        command.outcome,
        actor.id,
        actor.name,
        role,
        ground.now,
        found.as_of,
        found.knowledge_version,
        digest(without_words({"dossier": dossier, "decision": one.number, "outcome": command.outcome, "basis": basis})),
        own,
        command.because,
    )
    criteria = dict(one.criteria)
    if one.number == LAST:
        criteria[GATES] = CriterionAnswer(Met.MET, actor.id, ground.now)
    state = State.PASSED if command.outcome is Outcome.PASSED else State.FAILED
    signed = replace(one, state=state, criteria=criteria, sign_offs=(*one.sign_offs, signature), reopened=None, basis=basis)
    return put(dossier, signed)


def waive(command: Waive, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    """The decision, or the gap at one norm, is let pass until the last day named.

    Raises:
        InputError: without a reason, with a day that is over or too far, or for a norm that is no gap of the decision.
        ForbiddenError: where the actor has no role that waives, or it is their own dossier.
        ConflictError: where the decision is passed, where a prohibition would be waived, or 1 to 5 are not closed for the sixth.
    """
    policy = ground.policy
    role = _role(actor, policy.waivers_by, "waive")
    own = _require_other(dossier, actor, policy)
    problems = []
    if not command.reason.strip():
        problems.append(Problem("/reason", "no-reason", "a waiver needs its reason."))
    last = ground.today + timedelta(days=policy.longest_waiver_days)
    if not ground.today < command.expires <= last:
        told = f"a waiver ends after today and by {last.isoformat()}, not on {command.expires.isoformat()}."
        problems.append(Problem("/expires", "bad-expiry", told))
    if problems:
        raise InputError(problems)
    one = dossier.decision(command.decision)
    found = assessor(dossier, ground)(day_of(dossier, ground))
    open_gaps = {str(gap.norm.id): gap for gap in gaps(dossier, one.number, found, ground)}
    if command.norm is not None and command.norm not in open_gaps:
        told = f"{command.norm[:80]!r} is no gap of decision {one.number}: nothing there needs a waiver."
        raise InputError([Problem("/norm", "no-such-gap", told, nearest(command.norm, open_gaps))])
    if command.norm is None:
        if one.state is State.PASSED:
            told = f"decision {one.number} is passed: nothing there needs a waiver."
            raise ConflictError([Problem(f"/decisions/{one.number}", "already-signed", told)])
        if one.number == LAST:
            _refuse(gates(dossier))
    waived = [open_gaps[command.norm]] if command.norm is not None else [gap for gap in open_gaps.values() if gap.blocks]
    if not policy.waive_prohibitions:
        _refuse(
            Problem(
                f"/decisions/{one.number}/norms/{gap.norm.id.replace('/', '~1')}",
                "prohibition-not-waivable",
                f"{gap.norm.title}: a prohibition is not waived; change the facts, or put one of its controls in place: "
                f"{', '.join(gap.norm.controls)}.",
            )
            for gap in waived
            if gap.kind is GapKind.PROHIBITION
        )
    _room(len(one.waivers))
    waiver = Waiver(
        command.expires,
        actor.id,
        actor.name,
        role,
        ground.now,
        found.knowledge_version,
        command.norm,
        command.reason.strip(),
        own,
    )
    grown = replace(one, waivers=(*one.waivers, waiver))
    if command.norm is None:
        basis = basis_of(dossier, one.number, found, ground)
        grown = replace(grown, state=State.WAIVED, reopened=None, basis=basis)
    return put(dossier, grown)


def reopen(command: Reopen, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    """The decision is open again, and says why.

    Raises:
        InputError: without a reason.
        ConflictError: where it is open.
    """
    if not command.reason.strip():
        raise InputError([Problem("/reason", "no-reason", "say why the decision is opened again.")])
    one = dossier.decision(command.decision)
    if one.state is State.OPEN:
        raise ConflictError([Problem(f"/decisions/{one.number}", "already-open", f"decision {one.number} is open.")])
    why = Reopening(Cause.PERSON, actor.id, ground.now, one.state, because=command.reason.strip())
    return put(dossier, replace(one, state=State.OPEN, basis=None, reopened=why))


def _role(actor: Principal, wanted: tuple[Role, ...], what: str) -> str:
    for role in wanted:
        if role in actor.roles:
            return role.value
    told = f"to {what} one must be {' or '.join(wanted)}; {actor.name} is {', '.join(sorted(actor.roles)) or 'none of them'}."
    raise ForbiddenError([Problem("/role", "wrong-role", told)])


def _require_other(dossier: Dossier, actor: Principal, policy: Policy) -> bool:
    """Whether it is the actor's own dossier, where the policy lets them sign even so."""
    own = actor.id in {dossier.created_by, dossier.owner, *dossier.owners}
    allowed = policy.own_approval is OwnApproval.ALLOWED or (
        policy.own_approval is OwnApproval.LOCAL_ONLY and actor.id == LOCAL.id
    )
    if own and not allowed:
        told = f"this is the dossier of {actor.name}; somebody else must sign it (own_approval in policy.yaml)."
        raise ForbiddenError([Problem("/owner", "own-dossier", told)])
    return own


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise ConflictError(found)


def _room(count: int) -> None:
    if count >= _MOST_SIGNATURES:
        told = f"a decision holds at most {_MOST_SIGNATURES} signatures and as many waivers; start another dossier."
        raise ConflictError([Problem("/decisions", "too-many", told)])
