import json

import numpy as np
import pytest

from gist_imaging.errors import PromptError
from gist_imaging.segment.prompts import Prompt, PromptLog

POINTS = [[1.5, -2.0, 30.25], [2.0, -2.0, 30.25], [2.0, 3.0, 30.25]]


def test_a_log_survives_the_trip_to_json_and_back():
    log = PromptLog((Prompt("scribble", POINTS, True), Prompt("loop", POINTS, False, 2)))

    back = PromptLog.from_json(json.dumps(log.to_json()))

    assert back == log
    assert back.sha256() == log.sha256()


def test_the_points_of_a_prompt_are_its_own():
    points = np.array(POINTS)
    prompt = Prompt("scribble", points, True)

    points[:] = 0

    assert prompt.points_mm.tolist() == POINTS
    assert not prompt.points_mm.flags.writeable


@pytest.mark.parametrize(
    ("kind", "points", "include", "round_"),
    [
        ("smear", POINTS, True, 0),
        ("scribble", [], True, 0),
        ("scribble", [[1, 2]], True, 0),
        ("scribble", [[1, 2, float("nan")]], True, 0),
        ("scribble", "here", True, 0),
        ("box", POINTS[:1], True, 0),
        ("outline", POINTS[:2], True, 0),
        ("scribble", POINTS, 1, 0),
        ("scribble", POINTS, True, -1),
        ("scribble", POINTS, True, 0.5),
    ],
)
def test_a_prompt_that_says_nothing_clear_is_refused_in_three_parts(kind, points, include, round_):
    with pytest.raises(PromptError) as refused:
        Prompt(kind, points, include, round_)

    assert refused.value.expected
    assert refused.value.found
    assert refused.value.advice


@pytest.mark.parametrize(
    "value",
    ["{", "[]", {"strokes": []}, {"prompts": {}}, {"prompts": [3]}, {"prompts": [{"kind": "point"}]}],
)
def test_json_that_is_no_log_is_refused(value):
    with pytest.raises(PromptError):
        PromptLog.from_json(value)


def test_rounds_that_fall_are_refused():
    with pytest.raises(PromptError, match="rounds never fall"):
        PromptLog((Prompt("point", POINTS, True, 2), Prompt("point", POINTS, True, 1)))


def test_a_log_up_to_a_round_holds_that_round():
    log = PromptLog(tuple(Prompt("point", POINTS, True, n) for n in (0, 0, 1, 3)))

    assert len(log.up_to(1)) == 3
    assert [(number, len(prompts)) for number, prompts in log.rounds()] == [(0, 2), (1, 1), (3, 1)]
