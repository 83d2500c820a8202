"""A few mutated files of each format (the benchmark reads thousands): every one is read or refused, no child dies."""

from __future__ import annotations

import pytest

from benchmarks.imports_fuzz import run
from benchmarks.imports_samples import SAMPLES
from kg_service.imports.registry import IMPORTERS, importer_for


def test_every_importer_has_a_sample() -> None:
    """A new importer cannot be left out."""
    assert set(SAMPLES) == set(IMPORTERS)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_sample_is_recognised(kind: str) -> None:
    """Content tells each format from all others."""
    assert importer_for(SAMPLES[kind], "unnamed").name == kind


@pytest.mark.parametrize("kind", SAMPLES)
def test_mutated_files_are_read_or_refused(kind: str) -> None:
    """Sixty spoiled files: each is read or refused for a reason of its own, by one child that lives through all of them."""
    tally = run(kind, 60)
    assert tally.faults == []
    assert tally.read + tally.refused.total() == 60
    assert tally.children == 1
