"""What a file or a body says of criteria, as commands. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kg_service.decisions.reading import Reading
from kg_service.dossiers.commands import AnswerCriteria, AnswerCriterion
from kg_service.dossiers.model import Met


def parse_answers(raw: object) -> AnswerCriteria:
    """Answers to criteria as a file gives them: by decision, then by criterion, a word or a mapping.

    Raises:
        InputError: with every problem found, each at its JSON pointer.
    """
    reading = Reading()
    given = reading.mapping(raw, "", ("criteria",), ("criteria",))
    found: list[AnswerCriterion] = []
    for number, answers in reading.mapping(given.get("criteria"), "/criteria", tuple("123456")).items():
        for name, said in reading.mapping(answers, f"/criteria/{number}").items():
            at = f"/criteria/{number}/{name}"
            one = said if isinstance(said, Mapping) else {"answer": said}
            keys = reading.mapping(one, at, ("answer", "because", "evidence"), ("answer",))
            answer = reading.choice(keys.get("answer"), f"{at}/answer", tuple(map(str, Met)))
            because = None if keys.get("because") is None else reading.text(keys["because"], f"{at}/because", "a reason", 10_000)
            evidence = tuple(str(each) for each in reading.items(keys.get("evidence"), f"{at}/evidence"))
            found.append(AnswerCriterion(int(number), name, Met(answer), because, evidence))
    reading.done()
    return AnswerCriteria(tuple(found))
