"""``sextant publish``: the knowledge on the server that the settings name."""

from __future__ import annotations

from kg_service.commands.session import tell
from kg_service.errors import InputError, Problem
from kg_service.knowledge.build import load
from kg_service.settings import Settings
from kg_service.store.publish import publish as published
from kg_service.store.registry import configured
from kg_service.store.remote import RemoteStore


def publish(settings: Settings, *, again: bool) -> str:
    """What was done, in one line; each graph is told on standard error as it is written.

    Raises:
        InputError: where the settings name the embedded store.
        StoreError: where the server refuses, or does not show its graphs as we need them.
    """
    target = configured(settings)
    if not isinstance(target, RemoteStore):
        told = "the embedded store needs no publication; set it to the URL of a SPARQL server (docs/stores.md)."
        raise InputError([Problem("SEXTANT_STORE", "not-remote", told)])
    built = load(settings.root, settings.cache)
    version = built.knowledge.version
    done = published(built.store, target, tell, again=again)
    target.check()
    if not done.loaded:
        return f"knowledge {version} was published at {target.address} already; nothing was written\n"
    removed = f", {len(done.removed)} graphs removed" if done.removed else ""
    counted = f"{len(done.loaded)} graphs, {done.statements} statements{removed}"
    return f"knowledge {version} is published at {target.address}: {counted}\n"
