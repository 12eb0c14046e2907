"""Outlines that cannot be used are refused, and long work can be stopped."""

from __future__ import annotations

import numpy as np
import pytest
from outline_shapes import SHAPE, ellipse, lopsided_image, lopsided_outlines, plain
from strategies import oblique_geometry

from gist_imaging.errors import Cancelled, PromptError
from gist_imaging.segment.between_slices import mask_between_outlines
from gist_imaging.segment.prompts import Prompt
from gist_imaging.spatial import Geometry


def bow_tie(geometry: Geometry, k: int) -> Prompt:
    corners = np.array([[k, 20, 20], [k, 40, 40], [k, 40, 20], [k, 20, 40]], dtype=float)
    return Prompt("outline", geometry.to_patient(corners), True)


def tilted(geometry: Geometry) -> Prompt:
    corners = np.array([[3, 20, 20], [3, 20, 40], [9, 40, 40], [9, 40, 20]], dtype=float)
    return Prompt("outline", geometry.to_patient(corners), True)


GRID = oblique_geometry(SHAPE)
GOOD = lopsided_outlines(GRID, (3, 8))


@pytest.mark.parametrize(
    ("outlines", "found"),
    [
        ([], "found none"),
        (GOOD[:1], "found 1 slice"),
        ([*GOOD, bow_tie(GRID, 12)], "outline 3 does"),
        ([*GOOD, tilted(GRID)], "outline 3 runs through"),
        ([*GOOD, ellipse(GRID, 30, (30, 30), (9, 9))], "outside the image"),
        ([*GOOD, ellipse(GRID, 12, (300, 30), (9, 9))], "wholly beside"),
        ([*GOOD, ellipse(GRID, 12, (30.5, 30.5), (0.1, 0.1))], "smaller than that"),
        ([*GOOD, Prompt("outline", GOOD[0].points_mm[[0, 0, 1]], True)], "encloses none"),
        ([*GOOD, ellipse(GRID, 30, (8, 30), (9, 9), axis=1)], "different axes"),
        ([*GOOD, ellipse(GRID, 12, (30, 30), (9, 9), include=False)], "nothing is left on k = 12"),
        ([*GOOD, Prompt("point", GOOD[0].points_mm[:1], True)], "found point"),
    ],
)
def test_outlines_that_cannot_be_used_are_refused_with_advice(outlines: list[Prompt], found: str) -> None:
    with pytest.raises(PromptError) as caught:
        mask_between_outlines(plain(GRID), outlines)

    assert found in caught.value.found
    assert caught.value.expected
    assert caught.value.advice


def test_the_work_can_be_watched_and_stopped() -> None:
    volume = lopsided_image(GRID)
    seen: list[tuple[int, int]] = []

    mask_between_outlines(volume, GOOD, progress=lambda done, total: seen.append((done, total)))

    assert seen == [(n, 4) for n in range(5)]
    with pytest.raises(Cancelled):
        mask_between_outlines(volume, GOOD, cancelled=lambda: True)
    for until in (0, 1, 2):
        told: list[int] = []
        with pytest.raises(Cancelled):
            mask_between_outlines(
                volume,
                GOOD,
                progress=lambda done, _, told=told: told.append(done),
                cancelled=lambda told=told, until=until: bool(told) and told[-1] >= until,
            )
