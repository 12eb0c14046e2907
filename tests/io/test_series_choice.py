from __future__ import annotations

from pathlib import Path

import pytest
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging.errors import GistImagingError, IntakeError, SeriesError
from gist_imaging.io.read import read_volume
from gist_imaging.io.series_choice import choose_series
from gist_imaging.problems import Code, Problem
from gist_imaging.study import RefusedFile, ScanIndex, Series, SeriesKind


def series(
    uid: str = "1.2.3", kind: SeriesKind = SeriesKind.VOLUME, codes=(), **split: str | float
) -> Series:
    return Series(
        series_uid=uid,
        study_uid="1.2",
        modality="MR",
        description="MARKER free text",
        kind=kind,
        shape=(19, 128, 84),
        spacing_mm=(3.0, 2.0, 2.0),
        n_files=19,
        split=split,
        problems=tuple(Problem(code, "something is wrong") for code in codes),
    )


def index(*found: Series, refused=()) -> ScanIndex:
    return ScanIndex(Path("scan"), tuple(found), tuple(refused))


@pytest.mark.parametrize("asked", [50, 50.0, "50"])
def test_a_split_is_compared_as_a_number_where_it_is_one(asked):
    found = index(series(b_value=50.0, phase="diastole"), series(b_value=400.0, phase="diastole"))

    assert choose_series(found, split={"b_value": asked}).split["b_value"] == 50.0
    with pytest.raises(GistImagingError, match="found 2"):
        choose_series(found, split={"phase": "diastole"})


def test_the_list_of_choices_shows_no_free_text():
    with pytest.raises(GistImagingError) as several:
        choose_series(index(series(b_value=50.0), series(b_value=400.0)))

    assert "MR, 19 x 128 x 84, 3 x 2 x 2 mm, b_value=50.0, 1.2.3" in str(several.value)
    assert "MARKER" not in str(several.value)


def test_the_advice_names_options_that_choose_one():
    with pytest.raises(GistImagingError, match=r"--series-uid 1\.2\.3 --split b_value=50\.0") as several:
        choose_series(index(series(b_value=50.0), series(b_value=400.0)))
    with pytest.raises(GistImagingError, match=r"--series-uid 1\.2\.3 --split 'phase=40 %'"):
        choose_series(index(series(phase="40 %")), "9.9")

    assert several.value.advice.startswith("choose one")


def test_the_one_series_that_can_be_measured_is_taken_whatever_lies_beside_it():
    good = series("1.2.3")
    others = (
        series("1.2.4", SeriesKind.NOT_A_VOLUME, (Code.LOCALIZER,)),
        series("1.2.5", SeriesKind.REFUSED, (Code.TILT,)),
    )

    assert choose_series(index(*others, good)) is good


def test_a_refused_series_says_why_and_needs_a_reason():
    tilted = series("1.2.5", SeriesKind.REFUSED, (Code.TILT,))
    found = index(tilted, series("1.2.4", SeriesKind.NOT_A_VOLUME, (Code.LOCALIZER,)))

    with pytest.raises(SeriesError, match="TILT") as blocked:
        choose_series(found)
    assert blocked.value.problems[0].code is Code.TILT
    assert choose_series(found, may_override=True) is tilted


def test_several_refused_series_are_listed_with_their_codes():
    found = index(
        series("1.2.5", SeriesKind.REFUSED, (Code.TILT,)),
        series("1.2.6", SeriesKind.REFUSED, (Code.MISSING_SLICES,)),
    )

    with pytest.raises(GistImagingError, match=r"1\.2\.5, TILT\n.*1\.2\.6, MISSING_SLICES"):
        choose_series(found)


def test_a_single_refused_file_is_the_answer():
    refused = RefusedFile("a.dcm", Problem(Code.TRUNCATED, "it ends too early", "a.dcm"))

    with pytest.raises(IntakeError) as answer:
        choose_series(index(refused=[refused]))
    assert answer.value.code is Code.TRUNCATED
    with pytest.raises(GistImagingError, match="2 x TRUNCATED"):
        choose_series(index(refused=[refused, refused]))


def test_a_long_list_is_cut():
    with pytest.raises(GistImagingError, match="and 8 more"):
        choose_series(index(*(series(b_value=float(b)) for b in range(20))))


@needs_real_scans
@pytest.mark.real
def test_one_b_value_of_a_real_diffusion_series_is_read():
    study = REAL_SCANS / "ingest" / "pelvis_mr_prostatex0000"
    with pytest.raises(GistImagingError, match=r"b_value=50\.0"):
        read_volume(study)
    uid = "1.3.6.1.4.1.14519.5.2.1.7311.5101.193930593885836732899229869284"
    low, high = (read_volume(study, series_uid=uid, split={"b_value": b}) for b in (50, 800))

    assert low.geometry.shape == high.geometry.shape == (19, 128, 84)
    # Diffusion weighting takes signal away.
    assert low.voxels.mean() > high.voxels.mean()
