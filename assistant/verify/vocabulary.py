"""Words that need no source: the small ones, and those by which an answer speaks of verdicts and provisions."""

from __future__ import annotations

from typing import Final

from assistant.verify.wordlike import stem

_SMALL_WORDS: Final = (
    "a an the this that these those of to in on at by for with from as and or but so if when where while than then it its "
    "they them their there here he she we you your our us is are was were be been being has have had do does did will would "
    "can could may might must shall should which who whom whose what how why also both each every all any some such more "
    "most other another only own same too very just into over under between about after before during since until within "
    "out up down per via s e g i "
)
SMALL: Final = frozenset(_SMALL_WORDS.split())
_OURS_WORDS: Final = (
    "apply applies applying application provision provisions obligation obligations duty duties requirement requirements "
    "rule rules norm law laws set sets upcoming begin begins end ends day date dates stand stands wait waits waiting "
    "further list article articles annex answer answers question hold holds change changes reading readings followed "
    "contested because fact facts described describe description ask asks asked say says said means mean meaning cannot "
    "told known know depend depends certainty checked verified text source sources secondary memory control controls test "
    "tests tested evidence show shown shows compliance satisfy satisfies deployment system case institution firm see cited "
    "official wording words own short reason reasons penalty penalties exempt exemption prohibition prohibitions permission "
    "expectation supervisory right others scope decision first second third total together group count addition option "
    "comparison base added fall away instrument instruments force graph definition defined qualification conclusion "
    "conclusions point points left leaves condition conditions model modelled unmodelled replaced replaces instead still "
    "follow follows free over rest rests ruled way ways open held reopen now currently present next among name names named "
    "yet all undetermined "
)
OURS: Final = frozenset(map(stem, _OURS_WORDS.split()))
