#!/usr/bin/env python3
"""Verifies an exported audit trail of Sextant. It stands alone: any Python from 3.9 runs it, and nothing else is needed.

    python3 verify.py TRAIL.jsonl [CHECKPOINTS.jsonl ...] [--key KEYFILE ...]

TRAIL is what `sextant audit export` wrote. CHECKPOINTS are files of checkpoints, best those of the second place. KEYFILE holds a
public key (64 hexadecimal digits, `sextant audit key`) that you were given in another way than the trail.
Exit code: 0 the trail is whole, 1 it is not, 2 a file cannot be read.

A line of the trail is canonical JSON (RFC 8785) of one event. Its `hash` is SHA-256 over the canonical JSON of the same object
without `hash` and `texts`. `previous` is the hash of the event before, 64 zeros for the first. `notes` holds
"hmac-sha256:" + HMAC-SHA256(key, text) of each note; key and text stand in `texts` until they are erased, which an event with
action `note.erased` tells. A checkpoint is canonical JSON too; its `signature` is Ed25519 over the same object without it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

EVENT_KEYS = {"format", "seq", "at", "clock_behind_ms", "actor", "action", "subject", "before", "after", "inputs", "notes"} | {
    "knowledge_version",
    "code_version",
    "previous",
}
CHECKPOINT_KEYS = {"format", "seq", "count", "hash", "at", "key", "signature"}
MOST_FLAWS = 100


# -- canonical JSON ------------------------------------------------------------------------------------------------------------

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def canonical(value: Any) -> bytes:
    """`value` as RFC 8785 writes it, in bytes."""
    return _written(value).encode("utf-8")


def _written(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return '"' + re.sub(r'[\x00-\x1f"\\]', lambda m: _ESCAPES.get(m[0], f"\\u{ord(m[0]):04x}"), value) + '"'
    if isinstance(value, int):
        if abs(value) >= 2**53:
            raise ValueError("a whole number is too large")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(_written(key) + ":" + _written(value[key]) for key in keys) + "}"


def _number(value: float) -> str:
    """A number as ECMAScript writes it: shortest digits, an exponent only from 1e21 and below 1e-6."""
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("a number is not finite")
    if value == 0:
        return "0"
    sign, rest = ("-", repr(-value)) if value < 0 else ("", repr(value))
    mantissa, _, exponent = rest.partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + part) - len(digits))
    digits = digits.rstrip("0")
    if 0 < point <= 21:
        text = digits[:point].ljust(point, "0") + ("." + digits[point:] if len(digits) > point else "")
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1:+d}"
    return sign + text


# -- Ed25519 (RFC 8032, section 5.1.7) -----------------------------------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)  # of -1


_Point = tuple[int, int, int, int]  # x, y, z, t: extended coordinates


def _x_of(y: int, odd: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and odd):
        return None
    return _P - x if x % 2 != odd else x


def _point(raw: bytes) -> _Point | None:
    number = int.from_bytes(raw, "little")
    y, odd = number & (2**255 - 1), number >> 255
    if y >= _P:
        return None
    x = _x_of(y, odd)
    return None if x is None else (x, y, 1, x * y % _P)


def _add(a: _Point, b: _Point) -> _Point:
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    u, v = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point, scalar = _add(point, point), scalar >> 1
    return total


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def signed_plainly(public: bytes, content: bytes, signature: bytes) -> bool:
    """Whether `signature` over `content` is by the owner of `public`, in plain Python (some milliseconds)."""
    key, r, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if _BASE is None or key is None or r is None or s >= _L or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + content).digest(), "little") % _L
    left, right = _times(s, _BASE), _add(r, _times(h, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % _P == 0


try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    is_signed = signed_plainly
else:

    def is_signed(public: bytes, content: bytes, signature: bytes) -> bool:
        """The same by the package `cryptography`, where it is installed: faster."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
        except (InvalidSignature, ValueError):
            return False
        return True


def key_id(public: str) -> str:
    """The short name of a public key."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


# -- the trail -----------------------------------------------------------------------------------------------------------------


class Trail:
    """What is known of the trail while going along it. `flaws` are (event, why)."""

    def __init__(self) -> None:
        self.flaws: list[tuple[int, str]] = []
        self.hashes: list[str | None] = []
        self.keys: dict[str, tuple[str, int]] = {}
        self.missing: dict[tuple[int, str], bool] = {}
        self.forms: set[bool] = set()
        self.withheld = self.jumps = 0

    def flaw(self, seq: int, why: str) -> None:
        if len(self.flaws) < MOST_FLAWS:
            self.flaws.append((seq, why))

    def line(self, line: bytes) -> None:
        """Takes the next line of the trail."""
        seq = len(self.hashes) + 1
        if not line.endswith(b"\n"):
            self.flaw(seq, "the last line is unfinished")
        try:
            event = parsed(line[:-1], EVENT_KEYS | {"hash", "texts"})
        except (ValueError, RecursionError) as error:
            self.flaw(seq, f"its line cannot be read: {str(error)[:120]}")
            self.hashes.append(None)
            return
        told, texts = event.pop("hash"), event.pop("texts")
        if event["seq"] != seq:
            self.flaw(seq, f"event {event['seq']!r} stands in its place: events are gone, put in or moved")
        if hashlib.sha256(canonical(event)).hexdigest() != told:
            self.flaw(seq, "its content does not fit its hash")
        before = self.hashes[-1] if self.hashes else "0" * 64
        if event["previous"] != before and before is not None:
            self.flaw(seq, "it does not hold the hash of the event before: one of the two was changed, moved or put in")
        self.hashes.append(told)
        try:
            self.look_into(seq, event, texts)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            self.flaw(seq, f"its parts are not what they should be: {str(error)[:120]}")

    def look_into(self, seq: int, event: Mapping[str, Any], texts: Any) -> None:
        """Takes what the event says: its time, its notes, and what it tells of the trail itself."""
        datetime.strptime(event["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)  # noqa: UP017 - 3.9 has no UTC
        self.jumps += event["clock_behind_ms"] > 0
        self.forms.add(texts is None)
        if texts is None:
            self.withheld += bool(event["notes"])
        else:
            for name, chained in event["notes"].items():
                if name not in texts:
                    self.missing[seq, name] = True
                    continue
                key, text = texts[name]["key"], texts[name]["text"]
                made = hmac.new(bytes.fromhex(key), text.encode("utf-8"), hashlib.sha256).hexdigest()
                if set(texts[name]) != {"key", "text"} or key != key.lower() or "hmac-sha256:" + made != chained:
                    self.flaw(seq, f"the text of its note {name!r} does not fit the hash in the chain")
            for name in set(texts) - set(event["notes"]):
                self.flaw(seq, f"there is a note {name!r} that the chain does not know")
        after = event["after"]
        if event["action"] == "key.introduced" and isinstance(after, dict):
            self.keys.setdefault(key_id(after["public"]), (after["public"], seq))
        if event["action"] == "note.erased" and isinstance(after, dict):
            for name in after["fields"]:
                self.missing.pop((after["seq"], name), None)

    def checkpoint(self, line: bytes, keys: Mapping[str, tuple[str, int]], confirmed: dict[int, set[str]]) -> str | None:
        """Why the checkpoint in `line` is wrong; None where it is right."""
        try:
            found = parsed(line[:-1], CHECKPOINT_KEYS)
            forms = [("hash", 64), ("key", 16), ("signature", 128)]
            if not all(re.fullmatch(f"[0-9a-f]{{{size}}}", found[name]) for name, size in forms) or not line.endswith(b"\n"):
                return "a part of it is not written as it should be"
        except (ValueError, TypeError, RecursionError) as error:
            return f"it cannot be read: {str(error)[:120]}"
        signature, (public, since) = bytes.fromhex(found.pop("signature")), keys.get(found["key"], ("", 0))
        if not public:
            return f"it is signed with the key {found['key']}, which nobody introduced"
        if since > found["seq"] or not is_signed(bytes.fromhex(public), canonical(found), signature):
            return "its signature is wrong"
        if found["seq"] > len(self.hashes):
            return f"it saw {found['seq']} events, and there are {len(self.hashes)}: the end was cut off"
        if found["seq"] < 1 or found["count"] != found["seq"] or self.hashes[found["seq"] - 1] != found["hash"]:
            return f"it saw another event {found['seq']}: the trail was written anew"
        confirmed.setdefault(found["seq"], set()).add(found["key"])
        return None


def read(text: bytes) -> Any:
    """The value of canonical JSON. Digits beyond 2^53 are a number that RFC 8785 writes without an exponent."""
    return json.loads(text.decode("utf-8"), parse_int=lambda digits: int(digits) if abs(int(digits)) < 2**53 else float(digits))


def parsed(line: bytes, keys: set[str]) -> dict[str, Any]:
    """The object in `line`, which is written in the one canonical form and has just these keys."""
    found = read(line)
    if not isinstance(found, dict) or set(found) != keys or found["format"] != 1 or type(found["seq"]) is not int:
        raise ValueError("it is no line of this format")
    if canonical(found) != line:
        raise ValueError("it is not written in the one canonical form")
    return found


def verify(
    trail_lines: Iterable[bytes], checkpoint_lines: Iterable[bytes], trusted: Sequence[str] = ()
) -> tuple[int, int, list[tuple[int, str]], list[str]]:
    """(number of events, number confirmed by checkpoints, flaws, remarks); the trail is whole where there are no flaws."""
    trail = Trail()
    for line in trail_lines:
        trail.line(line)
    for seq, name in trail.missing:
        trail.flaw(seq, f"the text of its note {name!r} is gone, and no event says that it was erased")
    if len(trail.forms) > 1:
        trail.flaw(0, "texts are withheld on some lines only")
    given = {key_id(public): (public, 0) for public in trusted}
    keys = {**trail.keys, **given}
    confirmed: dict[int, set[str]] = {}
    remarks: list[str] = []
    count = 0
    for number, line in enumerate(checkpoint_lines, 1):
        count = number
        why = trail.checkpoint(line, keys, confirmed)
        if why:
            trail.flaw(0, f"checkpoint {number}: {why}")
    sure = max([seq for seq, by in confirmed.items() if not given or by & set(given)], default=0)
    if confirmed and not sure:
        trail.flaw(0, "no checkpoint is signed with a key that you trust: the trail may have been written anew")
    if not count:
        remarks.append("no checkpoint was given: a cut at the end would not show")
    elif len(trail.hashes) > sure:
        remarks.append(f"{len(trail.hashes) - sure} events stand after the last checkpoint: a cut among them would not show")
    if not given:
        remarks.append("no key was given to trust: signatures were checked with the keys that the trail itself names")
    if trail.withheld:
        remarks.append(f"the texts of the notes of {trail.withheld} events are not in this export")
    if trail.jumps:
        remarks.append(f"the clock went back {trail.jumps} times; the order is that of the numbers")
    return len(trail.hashes), sure, sorted(trail.flaws, key=lambda flaw: flaw[0] or 10**18), remarks


def _usage(told: str) -> int:
    sys.stderr.write(f"{told}\n{__doc__}")
    return 2


def main(words: Sequence[str]) -> int:
    """Verifies the files named; the exit code says what was found."""
    files, trusted, left = [], [], list(words)
    try:
        while left:
            word = left.pop(0)
            if word == "--key":
                trusted.append(Path(left.pop(0)).read_text(encoding="ascii").strip())
            else:
                files.append(Path(word))
        if not files or not all(re.fullmatch("[0-9a-f]{64}", key) for key in trusted):
            return _usage("name the file of the trail; a key file holds 64 hexadecimal digits")
        lines = [line for file in files[1:] for line in file.read_bytes().splitlines(keepends=True)]
        with files[0].open("rb") as trail:
            events, sure, flaws, remarks = verify(trail, lines, trusted)
    except (OSError, ValueError, IndexError) as error:
        return _usage(str(error))
    told = [f"{events} events, confirmed by checkpoints up to event {sure}", *(f"note: {remark}" for remark in remarks)]
    told += [f"WRONG: event {seq}: {why}" if seq else f"WRONG: {why}" for seq, why in flaws]
    told.append("The trail is NOT whole." if flaws else "The trail is whole.")
    sys.stdout.write("\n".join(told) + "\n")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
