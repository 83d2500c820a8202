"""The exact words of norms for the answers of the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from kg_service.commands.session import Session
from kg_service.model import Norm, NormId
from kg_service.texts.library import open_library
from kg_service.texts.quotes import Missing, Quote, Quotes, shown


def open_quotes(session: Session) -> Quotes:
    """Quotes from the texts that this installation has loaded."""
    return Quotes(open_library(session.settings.data), session.knowledge.instruments)


def quoted(session: Session, norms: Iterable[Norm], day: date) -> Mapping[NormId, str]:
    """The words of each norm's provision in the text that held on ``day``, or why there are none; of norms with a loaded text."""
    quotes = open_quotes(session)
    found = {norm.id: quotes.quote(norm.instrument, norm.provision, day) for norm in norms}
    return {norm: line(quote) for norm, quote in found.items() if quote is not Missing.NOT_LOADED}


def line(quote: Quote | Missing) -> str:
    """The quote in quotation marks and the text it is from; without one, why."""
    if isinstance(quote, Missing):
        return f"no quote: {quote.value}"
    since = f"; amended since by {', '.join(quote.amended_since)}, load a newer text" if quote.amended_since else ""
    lost = f"; not in it: {', '.join(quote.lost)}" if quote.lost else ""
    return f"{shown(quote)} (text {'as published' if quote.version.version == 'oj' else quote.version.version}{since}{lost})"
