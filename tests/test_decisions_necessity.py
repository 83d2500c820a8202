"""The ladder of decision 1: the simplest rung left, what settles it, and data that the institution can extend."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from kg_service import cli
from kg_service.decisions.necessity import Ladder, Standing, judge, parse_answers, parse_ladder, read_ladder
from kg_service.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "examples/necessity/credit-assessment.yaml"
LADDER = read_ladder(ROOT)
ANSWERS = st.fixed_dictionaries({}, optional={key: st.sampled_from(list(one.choices)) for key, one in LADDER.criteria.items()})


def test_the_rungs_stand_in_the_order_of_the_framework() -> None:
    """From rules over classical, small and large models and two kinds of tuning to pre-training."""
    assert [rung.id for rung in LADDER.rungs] == [
        "rules_and_search", "classical_model", "small_language_model", "llm_with_retrieval",
        "parameter_efficient_tuning", "full_fine_tuning", "pre_training",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "simplest"),
    [
        ({"deterministic_alternative": "all"}, "rules_and_search"),
        (
            {
                "deterministic_alternative": "none",
                "language": "none",
                "fixed_results": "all",
                "examples": "thousands",
                "error_tolerance": "tolerated",
            },
            "classical_model",
        ),
        (
            {
                "deterministic_alternative": "none",
                "language": "writes",
                "breadth": "narrow",
                "small_model_measured": "reaches",
                "error_tolerance": "checked",
                "explanation": "none",
            },
            "small_language_model",
        ),
        (
            {
                "deterministic_alternative": "none",
                "language": "writes",
                "breadth": "broad",
                "large_model_measured": "reaches",
                "error_tolerance": "checked",
                "explanation": "none",
                "latency": "minutes",
                "volume": "carried",
            },
            "llm_with_retrieval",
        ),
        (
            {
                "deterministic_alternative": "none",
                "language": "writes",
                "breadth": "broad",
                "large_model_measured": "falls_short",
                "error_tolerance": "checked",
                "explanation": "none",
                "latency": "minutes",
                "volume": "carried",
                "examples": "thousands",
                "skills": "tuning",
                "tuning_measured": "reaches",
            },
            "parameter_efficient_tuning",
        ),
    ],
)
def test_typical_tasks_lead_to_their_rung(answers: dict[str, str], simplest: str) -> None:
    """A task that rules solve needs no model; one that only a tuned model reaches gets there, each time settled."""
    found = judge(LADDER, answers)
    assert found.simplest is not None
    assert (found.simplest.rung.id, found.settled) == (simplest, True)


def test_a_task_nobody_may_get_wrong_and_rules_cannot_do_has_no_rung() -> None:
    """Where no error is tolerated, nobody checks and rules do not suffice, the ladder says so."""
    found = judge(LADDER, {"error_tolerance": "none", "deterministic_alternative": "none"})
    assert found.simplest is None


@given(ANSWERS)
def test_an_answer_is_never_contradicted_by_a_later_one(answers: dict[str, str]) -> None:
    """With one answer fewer, what is out now was out or open, and what stands now stood or was open: unknown keeps rungs open."""
    full = {one.rung.id: one.standing for one in judge(LADDER, answers).findings}
    for key in answers:
        fewer = judge(LADDER, {other: answer for other, answer in answers.items() if other != key})
        for one in fewer.findings:
            assert one.standing in (full[one.rung.id], Standing.OPEN)


@given(ANSWERS)
def test_settled_means_that_no_answer_changes_the_rung(answers: dict[str, str]) -> None:
    """Once settled, each possible answer to each open question leaves the simplest rung; else one of those named changes it."""
    found = judge(LADDER, answers)
    if found.simplest is None:
        return
    rung = found.simplest.rung.id
    changing = set()
    for key, criterion in LADDER.criteria.items():
        for choice in criterion.choices if key not in answers else ():
            other = judge(LADDER, {**answers, key: choice}).simplest
            if other is None or other.rung.id != rung:
                changing.add(key)
    assert changing == {criterion.id for criterion in found.simplest.decided_by}
    assert found.settled == (not changing)


def test_every_reason_names_its_answer() -> None:
    """Each reason can be traced to the question and the answer that gave it."""
    found = judge(LADDER, {key: next(iter(one.choices)) for key, one in LADDER.criteria.items()})
    for one in found.findings:
        for reason in (*one.out, *one.speaks_for, *one.against):
            effects = LADDER.criteria[reason.criterion].choices[reason.answer].effects
            assert reason.because in {because for rungs in effects.values() for because in rungs.values()}


def extended(raw: dict[str, Any]) -> Ladder:
    return parse_ladder({"questions": raw}, LADDER)


def test_the_institution_adds_and_replaces_questions() -> None:
    """An own question decides as ours do; one with the id of ours takes its place."""
    own = {
        "policy": {"ask": "Does policy allow tuning?", "answers": {"no": {"label": "No", "out": {"full_fine_tuning": "policy"}}}}
    }
    ladder = extended(own)
    assert set(ladder.criteria) == {*LADDER.criteria, "policy"}
    tuned = next(one for one in judge(ladder, {"policy": "no"}).findings if one.rung.id == "full_fine_tuning")
    assert (tuned.standing, tuned.out[0].because) == (Standing.OUT, "policy")
    assert (
        not extended({"language": {"ask": "x?", "answers": {"y": {"label": "z"}}}})
        .criteria["language"]
        .can_rule_out("pre_training")
    )


@pytest.mark.parametrize(
    ("raw", "at", "code"),
    [
        (
            {"questions": {"q": {"ask": "x?", "answers": {"a": {"label": "b", "out": {"magic": "c"}}}}}},
            "/questions/q/answers/a/out/magic",
            "unknown-rung",
        ),
        ({"questions": {"q": {"answers": {}}}}, "/questions/q", "missing-key"),
        (
            {"questions": {"q": {"ask": "x?", "answers": {"a": {"label": "b", "outs": {}}}}}},
            "/questions/q/answers/a/outs",
            "unknown-key",
        ),
        ({"rungs": {}}, "/rungs", "unknown-key"),
        (None, "/", "missing-key"),
    ],
)
def test_wrong_questions_are_told_by_their_place(raw: Any, at: str, code: str) -> None:
    """A rung or a key that does not exist is refused where it stands."""
    with pytest.raises(InputError) as caught:
        parse_ladder(raw, LADDER)
    assert (at, code) in {(problem.where, problem.code) for problem in caught.value.problems}


def test_wrong_answers_name_the_choices() -> None:
    """An unknown question or answer is refused with the nearest there is; null leaves a question open."""
    assert parse_answers(LADDER, {"language": None}) == {}
    with pytest.raises(InputError) as caught:
        parse_answers(LADDER, {"langauge": "reads", "latency": "second"})
    assert {(one.where, one.nearest[0]) for one in caught.value.problems} == {
        ("/answers/langauge", "language"),
        ("/answers/latency", "seconds"),
    }


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["sextant", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_command_line_and_http_say_the_same(
    site: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The JSON of the command is the answer of the service for the same answers; the other forms name the same rung."""
    assert run(monkeypatch, "necessity", EXAMPLE, "-f", "json") == 0
    said = json.loads(capfd.readouterr().out)
    assert site.post("/api/v1/necessity", json={"answers": said["answers"]}).json() == said
    assert (said["simplest"], said["settled"]) == ("llm_with_retrieval", False)
    for form, sign in (("table", "Large model with retrieval: open (simplest)"), ("csv", "llm_with_retrieval,open,true")):
        assert run(monkeypatch, "necessity", EXAMPLE, "-f", form) == 0
        assert sign in capfd.readouterr().out


def test_http_answers_its_example_and_refuses_with_a_problem_document(site: TestClient) -> None:
    """The example of the OpenAPI document is answered; a wrong answer comes back with its pointer."""
    (body,) = site.get("/openapi.json").json()["components"]["schemas"]["NecessityRequest"]["examples"]
    assert site.post("/api/v1/necessity", json=body).status_code == 200
    wrong = site.post("/api/v1/necessity", json={"answers": {"latency": "never"}})
    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")
    assert wrong.json()["errors"][0]["pointer"] == "/answers/latency"


def test_own_criteria_come_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file with --criteria adds its questions; a wrong one is told with file and line, exit code 2."""
    file = tmp_path / "own.yaml"
    answer = "no: {label: 'No', out: {llm_with_retrieval: policy}}"
    file.write_text(f"questions:\n  policy:\n    ask: Does policy allow it?\n    answers:\n      {answer}\n")
    assert run(monkeypatch, "necessity", EXAMPLE, "--criteria", str(file), "-f", "json") == 0
    rungs = {one["id"]: one for one in json.loads(capfd.readouterr().out)["rungs"]}
    assert "policy" in {one["question"] for one in rungs["llm_with_retrieval"]["decided_by"]}
    file.write_text(file.read_text().replace("llm_with_retrieval", "llm"))
    assert run(monkeypatch, "necessity", EXAMPLE, "--criteria", str(file)) == 2
    assert f"{file}:5:" in capfd.readouterr().err
