"""The small model that hears what clauses say (``understanding/clauses.onnx``): loaded at the first use, nothing is ever fetched.

``python -m benchmarks.clauses`` makes the file. What is needed to read it stands in it: its terms, its vocabulary, and how its
marks are weighed.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import assistant.understanding
from assistant.index.embedding import TOKENIZER, packaged, session_of
from assistant.understanding.clauses import Choice, Heard
from assistant.understanding.whose import Spot
from kg_service.errors import UnavailableError
from kg_service.model import FactId, FactKind, Knowledge

FILE: Final = Path(assistant.understanding.__file__).resolve().parent / "clauses.onnx"
_MOST_TOKENS: Final = 256
_LEAST: Final = -4.0  # marks below are not told
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Model:
    session: Any
    tokenizer: Any
    terms: tuple[tuple[FactId, str] | None, ...]  # None: not a term of this knowledge that may be heard
    roles: tuple[FactId | None, ...]  # None: not a fact of this knowledge that places answer
    choice: Choice


class PackagedHearer:
    """Hears clauses by the file; where it cannot be read it says so once in the log and hears nothing."""

    def __init__(self, knowledge: Knowledge, file: Path = FILE) -> None:
        self._knowledge, self._file = knowledge, file
        self._lock = threading.Lock()
        self._model: _Model | None = None
        self._tried = False

    @property
    def choice(self) -> Choice | None:
        """How its marks are weighed; None where it cannot hear."""
        model = self._loaded()
        return model.choice if model else None

    def hear(self, texts: Sequence[str], spots: Sequence[Sequence[Spot]]) -> Sequence[Sequence[Heard]]:
        """The marks of each text and of its places, the same for the same text always."""
        model = self._loaded()
        return [_marks(model, text, here) if model else () for text, here in zip(texts, spots, strict=True)]

    def _loaded(self) -> _Model | None:
        with self._lock:
            if not self._tried:
                self._tried = True
                try:
                    self._model = _read(self._file, self._knowledge)
                except UnavailableError as error:
                    _LOG.warning("clauses are not heard, facts are read by patterns alone: %s", error)
            return self._model


def _marks(model: _Model, text: str, spots: Sequence[Spot]) -> list[Heard]:
    import numpy as np

    encoded = model.tokenizer.encode(text.encode("utf-8", "replace").decode())
    if len(encoded.ids) <= 2:
        return []
    scores, turns, places, where, how = model.session.run(None, {"input_ids": np.array([encoded.ids], dtype=np.int64)})
    found = []
    for number in np.flatnonzero(scores > _LEAST).tolist():
        term = model.terms[number]
        if term is not None:
            start, end = encoded.offsets[int(places[number]) + 1]
            stated, negated, uncertain = (float(share) for share in turns[number])
            found.append(Heard(*term, float(scores[number]), (stated, negated, uncertain), start, end))
    for spot in spots:
        tokens = [place - 1 for place, (a, b) in enumerate(encoded.offsets) if a < b and a < spot.end and b > spot.start]
        if tokens:
            told, turned = where[tokens].mean(0), np.exp(how[tokens].mean(0))
            for number, role in enumerate(model.roles):
                if role is not None and told[number] > _LEAST:
                    stated, negated, uncertain = (float(share) for share in turned[number] / turned[number].sum())
                    found.append(Heard(role, "", float(told[number]), (stated, negated, uncertain), spot.start, spot.end))
    return found


def _read(file: Path, knowledge: Knowledge) -> _Model:
    """The model of ``file`` for ``knowledge``.

    Raises:
        UnavailableError: the file or the runtime is not there, or not whole.
    """
    if not file.is_file():
        raise UnavailableError(f"{file.name} is not there: make it with python -m benchmarks.clauses.")
    try:
        session = session_of(file)
        told = session.get_modelmeta().custom_metadata_map
        tokenizer = _tokenizer(base64.b64decode(told["vocabulary"]))
        choice = json.loads(told["choice"])
        terms = tuple(_term(label, knowledge) for label in json.loads(told["terms"]))
        facts = {fact: (float(alone), float(read)) for fact, (alone, read) in choice["facts"].items()}
        weights, places = ({name: float(value) for name, value in choice[part].items()} for part in ("weights", "places"))
        weighed = Choice(weights, facts, float(choice["take"]), float(choice["drop"]), places)
        roles = tuple(_role(name, knowledge) for name in json.loads(told["roles"]))
        return _Model(session, tokenizer, terms, roles, weighed)
    except (ImportError, OSError, KeyError, ValueError, TypeError) as error:
        raise UnavailableError(f"{file.name} cannot be read: {error}") from error


def _term(label: str, knowledge: Knowledge) -> tuple[FactId, str] | None:
    name, _, term = label.partition("=")
    fact = knowledge.facts.get(FactId(name))
    if fact is None or fact.jurisdictions or fact.kind in (FactKind.NUMBER, FactKind.DATE):
        return None
    known = term == "true" if fact.kind is FactKind.FLAG else term in {str(one) for one in fact.terms}
    return (fact.id, term) if known else None


def _role(name: str, knowledge: Knowledge) -> FactId | None:
    fact = knowledge.facts.get(FactId(name))
    return fact.id if fact is not None and fact.jurisdictions else None


def _tokenizer(kept: bytes) -> Any:
    """The tokenizer of the packaged model with the words that were ``kept``, a bit for each; others fall into pieces."""
    import tokenizers

    held = json.loads(packaged(*TOKENIZER).read_text(encoding="utf-8"))
    whole = held["model"]["vocab"]
    words = [word for word, number in sorted(whole.items(), key=lambda pair: pair[1]) if kept[number // 8] >> number % 8 & 1]
    numbers = {word: number for number, word in enumerate(words)}
    held["model"]["vocab"] = numbers
    held["added_tokens"] = [one | {"id": numbers[one["content"]]} for one in held["added_tokens"] if one["content"] in numbers]
    for name, one in held["post_processor"]["special_tokens"].items():
        one["ids"] = [numbers[name]]
    held["padding"] = held["truncation"] = None
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(held))
    tokenizer.enable_truncation(_MOST_TOKENS)
    return tokenizer
