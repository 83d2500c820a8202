"""Why a sentence is taken out of an answer: a closed list."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"
    NO_CITATION = "no_citation"
    UNKNOWN_CITATION = "unknown_citation"
    LINK = "link"
    MARKUP = "markup"
    HIDDEN_TEXT = "hidden_text"
    FOREIGN_SCRIPT = "foreign_script"
    ENCODED = "encoded"
    INSTRUCTION = "instruction"
    PROMPT_LEAK = "prompt_leak"
    UNTRUSTED_SUPPORT = "untrusted_support"  # law said on the word of a document, or documents and law mixed in one sentence
    QUOTE_NOT_VERBATIM = "quote_not_verbatim"
    MIXED_VERDICTS = "mixed_verdicts"  # two verdicts in one sentence cannot be told apart safely
    VERDICT_DISAGREES = "verdict_disagrees"
    VERDICT_WITHOUT_NORM = "verdict_without_norm"
    QUALIFICATION_DISAGREES = "qualification_disagrees"
    FACT_DISAGREES = "fact_disagrees"
    CHANGE_DISAGREES = "change_disagrees"
    COUNT_DISAGREES = "count_disagrees"
    DATE_DISAGREES = "date_disagrees"
    NUMBER_DISAGREES = "number_disagrees"
    PROVISION_NOT_CITED = "provision_not_cited"
    INSTRUMENT_NOT_CITED = "instrument_not_cited"
    MODALITY_DISAGREES = "modality_disagrees"
    KIND_DISAGREES = "kind_disagrees"
    CERTAINTY_DISAGREES = "certainty_disagrees"
    NEGATION_DISAGREES = "negation_disagrees"
    OUT_OF_FRAME = "out_of_frame"  # a reading that is not followed, or an answer of another day, said as if it held
    NOT_IN_PASSAGES = "not_in_passages"  # what it says is not in what it cites
