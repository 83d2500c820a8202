"""Reads plain words: facts, questions, names of law, premises.

Deterministic; what it knows of language is data in ``language/``.
"""

from assistant.understanding.reader import Reader

__all__ = ["Reader"]
