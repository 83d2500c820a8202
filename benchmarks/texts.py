"""What loaded texts cost: ``python -m benchmarks.texts``. Needs the official files of ../shared; skips without them."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from lxml import etree

from benchmarks.clock import median_ms, row
from kg_service.applicability.evaluate import Evaluator
from kg_service.deployment import read_deployment
from kg_service.imports.isolation import Reader
from kg_service.imports.registry import read
from kg_service.knowledge.build import load
from kg_service.knowledge.graph.texts import text_graph
from kg_service.model import InstrumentId
from kg_service.rest.views import assessment_view
from kg_service.settings import cache_dir
from kg_service.store.oxigraph import OxigraphStore
from kg_service.texts.changes import difference
from kg_service.texts.joining import cited, joined
from kg_service.texts.library import Library, open_library
from kg_service.texts.loading import Choices, load_files
from kg_service.texts.quotes import Quotes, with_quotes
from kg_service.texts.record import record_of
from kg_service.texts.register import provisions_by_unit
from kg_service.texts.suggestions import suggestions

ROOT = Path(__file__).resolve().parent.parent
EU = ROOT.parent / "shared" / "data" / "official" / "eu"
NEW, OLD = "AI-Act_02024R1689-20260727.html", "AI-Act_32024R1689_oj.xhtml"
AI_ACT = InstrumentId("eu-ai-act")
DAY = date(2026, 11, 23)


def main() -> None:
    if not EU.is_dir():
        print("skipped: the official files in ../shared/data/official/eu are absent")
        return
    built = load(ROOT, cache_dir())
    evaluator = Evaluator(built.knowledge)
    cites = cited(built.knowledge)
    with tempfile.TemporaryDirectory() as folder:
        library = open_library(Path(folder))
        now = datetime.now(UTC)
        content = (EU / OLD).read_bytes()
        bare = median_ms(lambda: etree.fromstring(content, etree.HTMLParser()))
        row("AI Act of 2024: bare lxml parse", bare, "ms")
        ours = median_ms(lambda: read(content, OLD))
        row("  read into units, in this process", ours, "ms", "bare lxml", ours / bare)
        start = time.perf_counter()
        with Reader() as reader:
            paths = [EU / OLD, EU / NEW]
            list(load_files(paths, built.knowledge, library.shelf, reader, Choices(), now))
        loaded = (time.perf_counter() - start) * 1000 / 2
        row("  loaded: child started, read, recognised, kept (each)", loaded, "ms", "bare lxml", loaded / bare)
        row("  kept file against the official one", _kept(Path(folder)), "", "its size", _kept(Path(folder)))
        _one_text(library, cites)
        start = time.perf_counter()
        with Reader() as reader:
            list(load_files([EU], built.knowledge, library.shelf, reader, Choices(), now))
        row(f"all {len(list(EU.iterdir()))} official files of the Union loaded", time.perf_counter() - start, "s")
        instruments = [name for name in cites if library.versions(name)]
        found = median_ms(lambda: joined(cites, library, instruments))
        row(f"all citations of {len(instruments)} acts joined", found, "ms")
        _quotes(evaluator, library)


def _kept(folder: Path) -> float:
    kept = sum(file.stat().st_size for file in folder.rglob("*.text"))
    return kept / sum((EU / name).stat().st_size for name in (OLD, NEW))


def _one_text(library: Library, cites: object) -> None:
    old, new = (library.document(text) for text in library.versions(AI_ACT))
    record, document = record_of(new, AI_ACT, "AI Act", datetime.now(UTC))
    joins = median_ms(lambda: joined(cites, library, [AI_ACT]))  # type: ignore[arg-type]
    row("  citations joined to both versions", joins, "ms")
    row("  what changed between them, word by word", median_ms(lambda: difference(old, new)), "ms")
    row("  likely obligations found", median_ms(lambda: list(suggestions(new, {}))), "ms")
    cited_by = provisions_by_unit(cites, record, document)  # type: ignore[arg-type]
    graph = median_ms(lambda: text_graph(record, document, cited_by))
    row("  made into a named graph", graph, "ms")
    nquads = text_graph(record, document, cited_by).nquads
    row("  ... and that into the store", median_ms(lambda: OxigraphStore().load(nquads)), "ms")


def _quotes(evaluator: Evaluator, library: Library) -> None:
    facts = read_deployment(ROOT / "examples/credit-assessment-eu-vendor.yaml", evaluator.knowledge).facts
    view = assessment_view(evaluator, evaluator.assess(facts, DAY))
    plain = median_ms(lambda: assessment_view(evaluator, evaluator.assess(facts, DAY)))
    row("EU credit example: assessed and shown", plain, "ms")
    quotes = Quotes(library, evaluator.knowledge.instruments)
    first = time.perf_counter()
    with_quotes(view, quotes, DAY)
    row("  quotes for every citation, first time", (time.perf_counter() - first) * 1000, "ms")
    again = median_ms(lambda: with_quotes(view, quotes, DAY))
    row("  ... and again", again, "ms", "without quotes", again / plain)


if __name__ == "__main__":
    main()
