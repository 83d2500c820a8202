"""The page ``/ask``: it works without its script, shows strangers' text as text, and streams the parts that it is made of."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from assistant_service import CREDIT, DAY, Answered, Asked, events
from page import Page, faults

from assistant.rest.page import _PARTS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> We are a German bank. \"'>What applies?"


def _post(asked: Asked, *fields: tuple[str, str], **headers: str) -> Answered:
    return asked.send("POST", "/ask", urlencode(fields).encode(), FORM | headers)


def _conversation(text: str) -> str:
    return html.unescape(re.findall(r'name="conversation" value="([^"]*)"', text)[-1])


def _facts(text: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(_conversation(text))["facts"]
    return facts


@pytest.fixture(scope="module")
def answer(asked: Asked) -> Answered:
    return _post(asked, ("question", CREDIT), ("as_of", DAY), ("conversation", ""))


def test_empty_page_is_well_formed(asked: Asked) -> None:
    """Markup, ids, headings and resources are in order; the examples lead back to the page with their words in the field."""
    page = asked.send("GET", "/ask")
    assert (page.status, faults(page.text)) == (200, [])
    link = next(link for link in Page(page.text).links if link.startswith("/ask?question="))
    assert "German bank" in asked.send("GET", link).text.split("</textarea>")[0]


def test_answer_is_well_formed(answer: Answered) -> None:
    """The same of a page with an answer; every mark leads to a source on the page."""
    assert (answer.status, faults(answer.text)) == (200, [])
    marks = re.findall(r'class="mark" href="#(source-[0-9a-f]+-\d+)"', answer.text)
    assert marks
    assert set(marks) <= set(Page(answer.text).ids)


def test_page_shows_what_the_interface_says(asked: Asked, answer: Answered) -> None:
    """All claims, the facts understood and the questions back stand on the page."""
    found, shown = asked.ask(CREDIT), Page(answer.text).text
    assert [claim["text"] for claim in found["claims"] if " ".join(claim["text"].split()) not in shown] == []
    assert [one["label"] for one in found["facts"] if one["label"] not in shown] == []
    assert [one["ask"] for one in found["next_questions"] if " ".join(one["ask"].split()) not in shown] == []


def test_fact_that_was_only_heard_asks_to_be_checked() -> None:
    """Of two facts understood, the one that no pattern showed but the sense of a clause says so where it stands."""
    facts = [{"fact": name, "label": name.title(), "labels": ["Something"], "because": []} for name in ("product", "use_case")]
    read = [
        {"fact": "product", "source": "words"},
        {"fact": "use_case", "source": "words"},
        {"fact": "use_case", "source": "clauses"},
    ]
    chips = str(_PARTS.chips(facts, [one | {"polarity": "stated"} for one in read])).split("</li>")
    assert ["please check" in chip for chip in chips[:2]] == [False, True]


def test_page_runs_no_code_that_stands_in_it(answer: Answered) -> None:
    """Scripts and styles come as files of this service, and the browser is told so."""
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert re.findall(r"<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=|<style", answer.text) == []
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["text/html", "text/event-stream"])
def test_words_of_users_are_shown_as_words(asked: Asked, accept: str) -> None:
    """No markup of a question becomes markup of the page or of a streamed part."""
    answered = _post(asked, ("question", EVIL), Accept=accept)
    parts = [answered.text] if accept == "text/html" else [data.get("html", "") for _, data in events(answered.body)]
    assert answered.status == 200
    assert [one for one in parts if "<script>alert" in one or "<img src=x" in one] == []


def test_fact_can_be_taken_back_without_a_script(asked: Asked, answer: Answered) -> None:
    """The button of a chip is a form's: the next page no longer knows the fact, and knows the others."""
    before = _facts(answer.text)
    page = _post(asked, ("conversation", _conversation(answer.text)), ("remove", "established_in"))
    assert "established_in" in before
    assert _facts(page.text) == {name: value for name, value in before.items() if name != "established_in"}


@pytest.mark.parametrize(
    ("fields", "fact", "value"),
    [
        ([("q.affected", "consumer"), ("q.affected", "minor"), ("answer", "affected")], "affected", ["consumer", "minor"]),
        ([("none", "affected")], "affected", []),
        ([("set", "automation=human_decides_with_advice")], "automation", ["human_decides_with_advice"]),
        ([("set", "interacts_with_persons=true")], "interacts_with_persons", True),
    ],
)
def test_question_back_can_be_answered_without_a_script(
    asked: Asked, answer: Answered, fields: list[tuple[str, str]], fact: str, value: object
) -> None:
    """Buttons and boxes set the fact; what was known stays."""
    page = _post(asked, ("conversation", _conversation(answer.text)), *fields)
    assert page.status == 200
    assert _facts(page.text) == _facts(answer.text) | {fact: value}


@pytest.mark.parametrize(
    "fields",
    [
        [("question", "")],
        [("question", "a\0b")],
        [("question", CREDIT), ("as_of", "someday")],
        [("question", CREDIT), ("conversation", "{")],
        [("conversation", ""), ("answer", "affected")],
        [("conversation", ""), ("set", "affected=martian")],
        [("conversation", ""), ("set", "no_such_fact=x")],
    ],
)
def test_bad_form_is_told_on_the_page_and_in_the_stream(asked: Asked, fields: list[tuple[str, str]]) -> None:
    """The page says what is wrong and keeps the words; the stream's client gets a problem document."""
    page = _post(asked, *fields)
    assert page.status in (400, 422)
    assert 'role="alert"' in page.text
    assert faults(page.text) == []
    streamed = _post(asked, *fields, Accept="text/event-stream")
    assert (streamed.status, streamed.headers["content-type"]) == (page.status, "application/problem+json")


def test_streamed_parts_are_those_of_the_page(asked: Asked, answer: Answered) -> None:
    """Put together, they have the text of the page's claims, sources, facts and questions."""
    found = events(_post(asked, ("question", CREDIT), ("as_of", DAY), Accept="text/event-stream").body)
    assert (found[0][0], found[-1][0]) == ("status", "done")
    streamed = Page("<div>" + "".join(data.get("html", "") for _, data in found) + "</div>").text
    assert set(streamed.split()) <= set(Page(answer.text).text.split())
    parts = {data["place"] for name, data in found if name in ("part", "done")}
    assert parts == {"facts", "questions", "claims", "sources", "finish"}
    assert json.loads(found[-1][1]["conversation"])["facts"] == _facts(answer.text)


@pytest.mark.parametrize("file", ["ask.css", "ask.js"])
def test_files_of_the_page_are_there(asked: Asked, file: str) -> None:
    """They come from this service, beside those of the other pages."""
    assert asked.send("GET", f"/static/ask/{file}").status == 200
    assert asked.send("GET", "/static/page.css").status == 200


def test_first_page_leads_to_it(asked: Asked) -> None:
    """The way in is on the first page."""
    assert "/ask" in Page(asked.send("GET", "/").text).links
