"""What of a PDF page can be seen: an ear at pypdf's reading of the page that silences the words that are not.

Not seen is text drawn in no colour (render mode 3, clipping alone), in white where nothing else was painted, fully transparent,
in letters below a point, off the page, or in a layer that is switched off. Colours are compared with white alone: where shapes or
images were painted beneath, white letters stay, since what is seen there cannot be told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pypdf.generic import ArrayObject, ByteStringObject, DictionaryObject

Box = tuple[float, float, float, float]
_SHOW: Final = {b"Tj": 0, b"'": 0, b'"': 2}
_FILLS: Final = frozenset({b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"})
_ENDS: Final = frozenset({b"S", b"s", b"n"})
_POINTS: Final = frozenset({b"m", b"l", b"c", b"v", b"y"})
_UNSEEN_MODES: Final = (3, 7)
_SMALLEST: Final = 1.0  # points
_MARGIN: Final = 2.0
_WHITE: Final = 0.985
_MAX_PAINTED: Final = 5_000
_MAX_STATES: Final = 500


@dataclass(frozen=True, slots=True)
class _State:
    mode: int = 0
    light: bool = False  # the colour of letters is white
    alpha: float = 1.0
    size: float = 1.0


class Sight:
    """Follows the operators of one page; ``silenced`` counts what was left out. ``reverse`` leaves out what can be seen."""

    def __init__(self, resources: Mapping[str, Any], box: Box, off: frozenset[int], *, reverse: bool = False) -> None:
        self.silenced = 0
        self.why: dict[str, None] = {}
        self._box, self._off, self._reverse = box, off, reverse
        self._state = _State()
        self._states: list[_State] = []
        self._resources: list[Mapping[str, Any]] = [resources]
        self._entered: list[_State] = []
        self._path: list[tuple[float, float]] = []
        self._painted: list[Box] = []
        self._painted_all = False
        self._marks: list[bool] = []

    def before(self, operator: bytes, operands: list[Any], cm: Sequence[float], tm: Sequence[float]) -> None:
        """Called ahead of each operator; words that are not to be heard are taken out of ``operands``."""
        if operator in _SHOW or operator == b"TJ":
            why = self._unseen(cm, tm)
            if bool(why) is not self._reverse:
                self._silence(operator, operands)
            if why:
                self.why[why] = None
            return
        self._graphics(operator, operands, cm)

    def after(self, operator: bytes, operands: list[Any], cm: Sequence[float], tm: Sequence[float]) -> None:
        """Called behind each operator: a form that was entered is left."""
        if operator == b"Do" and self._entered:
            self._state = self._entered.pop()
            if len(self._resources) > 1:
                self._resources.pop()

    def _silence(self, operator: bytes, operands: list[Any]) -> None:
        at = _SHOW.get(operator, 0)
        if len(operands) > at:
            operands[at] = ArrayObject() if operator == b"TJ" else ByteStringObject(b"")
            self.silenced += 1

    # -- state

    def _graphics(self, operator: bytes, operands: list[Any], cm: Sequence[float]) -> None:
        numbers = [float(each) for each in operands if isinstance(each, int | float)]
        if operator == b"q" and len(self._states) < _MAX_STATES:
            self._states.append(self._state)
        elif operator == b"Q" and self._states:
            self._state = self._states.pop()
        elif operator == b"Tr" and numbers:
            self._state = replace(self._state, mode=int(numbers[0]))
        elif operator == b"Tf" and numbers:
            self._state = replace(self._state, size=numbers[0])
        elif operator in (b"g", b"rg", b"k", b"sc", b"scn", b"cs"):
            self._state = replace(self._state, light=_is_white(operator, numbers))
        elif operator == b"gs" and operands:
            self._transparency(str(operands[0]))
        elif operator in (b"BDC", b"BMC"):
            self._marks.append(self._is_off(operands))
        elif operator == b"EMC" and self._marks:
            self._marks.pop()
        elif operator == b"Do" and operands:
            self._enter(str(operands[0]), cm)
        else:
            self._shape(operator, numbers, cm)

    def _shape(self, operator: bytes, numbers: list[float], cm: Sequence[float]) -> None:
        if operator == b"re" and len(numbers) >= 4:
            x, y, width, height = numbers[:4]
            self._path += [_moved(x, y, cm), _moved(x + width, y + height, cm)]
        elif operator in _POINTS:
            self._path += [_moved(x, y, cm) for x, y in zip(numbers[::2], numbers[1::2], strict=False)]
        elif operator in _FILLS:
            if not self._state.light and self._state.alpha > 0.05:
                self._paint(self._path)
            self._path = []
        elif operator in _ENDS:
            self._path = []
        elif operator == b"sh" or operator == b"BI":
            self._painted_all = True
        if len(self._path) > 20_000:
            self._painted_all, self._path = True, []

    def _paint(self, points: Sequence[tuple[float, float]]) -> None:
        if not points:
            return
        if len(self._painted) >= _MAX_PAINTED:
            self._painted_all = True
            return
        across, up = [x for x, _ in points], [y for _, y in points]
        self._painted.append((min(across), min(up), max(across), max(up)))

    def _found(self, kind: str, name: str) -> Any:
        held = self._resources[-1].get(kind)
        held = held.get_object() if held is not None else None
        found = held.get(name) if isinstance(held, DictionaryObject) else None
        return found.get_object() if found is not None else None

    def _transparency(self, name: str) -> None:
        found = self._found("/ExtGState", name)
        alpha = found.get("/ca") if isinstance(found, DictionaryObject) else None
        if isinstance(alpha, int | float):
            self._state = replace(self._state, alpha=float(alpha))

    def _is_off(self, operands: list[Any]) -> bool:
        """Whether marked content belongs to a layer that is switched off."""
        if len(operands) < 2 or operands[0] != "/OC" or not self._off:
            return False
        held = self._resources[-1].get("/Properties")
        held = held.get_object() if held is not None else None
        if not isinstance(held, DictionaryObject) or operands[1] not in held:
            return False
        return getattr(held.raw_get(operands[1]), "idnum", -1) in self._off

    def _enter(self, name: str, cm: Sequence[float]) -> None:
        found = self._found("/XObject", name)
        self._entered.append(self._state)
        if isinstance(found, DictionaryObject) and found.get("/Subtype") == "/Form":
            inner = found.get("/Resources")
            inner = inner.get_object() if inner is not None else None
            self._resources.append(inner if isinstance(inner, DictionaryObject) else self._resources[-1])
        else:
            self._paint([_moved(0, 0, cm), _moved(1, 1, cm)])
            self._resources.append(self._resources[-1])

    # -- judgement

    def _unseen(self, cm: Sequence[float], tm: Sequence[float]) -> str:
        """Why text shown now is not seen; empty where it is."""
        state = self._state
        if state.mode in _UNSEEN_MODES:
            return f"drawn in render mode {state.mode}, which shows nothing"
        if any(self._marks):
            return "in a layer that is switched off"
        if state.alpha < 0.05:
            return "fully transparent"
        scale = math.sqrt(abs((tm[0] * tm[3] - tm[1] * tm[2]) * (cm[0] * cm[3] - cm[1] * cm[2])))
        if state.size * scale < _SMALLEST and scale > 0:
            return "in letters too small to see"
        x, y = _moved(tm[4], tm[5], cm)
        inside_form = len(self._entered) > 0
        left, low, right, high = self._box
        if not inside_form and not (left - _MARGIN <= x <= right + _MARGIN and low - _MARGIN <= y <= high + _MARGIN):
            return "off the page"
        if state.light and not self._painted_all and state.mode in (0, 4):
            grounds = self._painted
            if not (
                grounds
                if inside_form
                else any(a - _MARGIN <= x <= c + _MARGIN and b - _MARGIN <= y <= d + _MARGIN for a, b, c, d in grounds)
            ):
                return "in white on white"
        return ""


def _is_white(operator: bytes, numbers: list[float]) -> bool:
    """Whether a colour is white; one of a pattern or of a space that is set anew is not."""
    if operator == b"k" or (operator in (b"sc", b"scn") and len(numbers) == 4):
        return len(numbers) == 4 and max(numbers) <= 1 - _WHITE
    if operator == b"cs" or not numbers:
        return False
    return len(numbers) in (1, 3) and min(numbers) >= _WHITE


def _moved(x: float, y: float, cm: Sequence[float]) -> tuple[float, float]:
    return x * cm[0] + y * cm[2] + cm[4], x * cm[1] + y * cm[3] + cm[5]
