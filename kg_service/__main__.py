"""``python -m kg_service`` is ``sextant``."""

from kg_service.cli import main

main()
