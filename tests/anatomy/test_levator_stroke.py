import json

import numpy as np
import pytest

from gist_imaging.anatomy.levator_stroke import (
    LevatorStroke,
    resampled,
    strokes_from_json,
    strokes_to_json,
)
from gist_imaging.errors import PromptError

LINE = [[48.0, 3.5, 29.0], [35.0, 3.5, 12.0], [18.0, 3.5, -8.0]]


def test_strokes_survive_the_trip_through_json_text():
    strokes = (LevatorStroke(LINE, "L", 3.4), LevatorStroke([[-40, 9, 20], [-20, 9, -1]], "R"))

    text = json.dumps(strokes_to_json(strokes), allow_nan=False)

    assert strokes_from_json(text) == strokes
    assert strokes_from_json(text)[1].thickness_mm is None


def test_a_stroke_keeps_its_own_read_only_copy_of_the_points():
    points = np.array(LINE)
    stroke = LevatorStroke(points, "L")
    points[0] = 0.0

    assert stroke.points_mm[0].tolist() == LINE[0]
    with pytest.raises(ValueError, match="read-only"):
        stroke.points_mm[0] = 1.0


@pytest.mark.parametrize(
    ("points", "side", "thickness", "says"),
    [
        ([[1, 2], [3, 40]], "L", None, "rows of x, y, z"),
        ("along the muscle", "L", None, "rows of x, y, z"),
        ([[1, 2, np.nan], [3, 40, 5]], "L", None, "1 of 2 are not"),
        ([[1, 2, 3]], "L", None, "at least 5 mm long; got 1 point"),
        ([[1, 2, 3], [1, 2, 7.9]], "R", None, "over 4.9 mm"),
        (LINE, "left", None, "side is L or R"),
        (LINE, "L", 0.0, "above 0 and at most 15"),
        (LINE, "L", 15.1, "above 0 and at most 15"),
        (LINE, "L", float("nan"), "above 0 and at most 15"),
        (LINE, "L", True, "above 0 and at most 15"),
    ],
)
def test_a_wrong_stroke_is_refused_with_what_was_found(points, side, thickness, says):
    with pytest.raises(PromptError, match=says):
        LevatorStroke(points, side, thickness)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("{", "strokes are JSON"),
        ({"strokes": []}, "levator_strokes"),
        ({"levator_strokes": [{"points_mm": LINE, "side": "L"}, 7]}, "stroke 2: a stroke is an object"),
        ({"levator_strokes": [{"points_mm": LINE}]}, "stroke 1: .*missing: side"),
        ({"levator_strokes": [{"points_mm": LINE, "side": "L", "width": 3}]}, "unknown: width"),
    ],
)
def test_wrong_json_is_refused_and_the_stroke_is_numbered(value, says):
    with pytest.raises(PromptError, match=says):
        strokes_from_json(value)


def test_clicks_10_mm_apart_follow_an_arc_to_a_quarter_of_a_millimetre():
    angle = np.arange(0.0, 1.6, 10.0 / 30.0)
    arc = np.stack([30.0 * np.cos(angle), np.full_like(angle, 7.0), 30.0 * np.sin(angle)], axis=1)

    points = resampled(arc, 1.0)

    assert np.abs(np.hypot(points[:, 0], points[:, 2]) - 30.0).max() < 0.25
    np.testing.assert_allclose(points[[0, -1]], arc[[0, -1]], atol=1e-9)
