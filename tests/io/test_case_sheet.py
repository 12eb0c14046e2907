"""A case sheet: one scale, outlines on the mask's edge, the same bytes, no text on another."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from case_sheets import POST_GRID, PRE_GRID, emptied, lesion, one_slice, sheet, usual, visit
from PIL import Image
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_values import METRIC_NAMES
from gist_imaging.errors import GistImagingError
from gist_imaging.io.case_sheet import SheetCaliper, SheetVisit, pdf_bytes, png_bytes, write_case_sheet
from gist_imaging.io.case_sheet_page import page_of
from gist_imaging.io.read import read_mask, read_volume
from gist_imaging.measure.lesion import measure_lesion
from gist_imaging.study.levator_relation import LevatorRelation
from gist_imaging.study.pelvic_findings import PelvicFindings

LONG = "What the board should know about this lesion and its neighbours, told in far too many words. " * 6


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def said(figure) -> str:
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    return "\n".join(text.get_text() for text in texts).replace("\xa0", " ")


def panels(figure) -> list:
    return [axes for axes in figure.axes if axes.images]


def test_a_page_is_a4_at_150_dpi():
    held = usual()

    assert pixels(png_bytes(held, held.lesions[0])).shape[:2] == (1753, 1240)


def test_all_pictures_before_and_after_have_one_scale_although_voxels_differ():
    held = usual()
    figure = page_of(held, held.lesions[0])

    scales = []
    for axes in panels(figure):
        box = axes.get_window_extent()
        scales += [
            box.width / abs(np.diff(axes.get_xlim())[0]),
            box.height / abs(np.diff(axes.get_ylim())[0]),
        ]
    assert len(scales) == 12
    np.testing.assert_allclose(scales, scales[0], rtol=1e-9)


def test_a_scale_bar_is_as_long_in_pixels_as_it_says():
    held = usual()
    figure = page_of(held, held.lesions[0])
    picture = pixels(png_bytes(held, held.lesions[0]))

    for axes in panels(figure):
        box = axes.get_window_extent()
        px_per_mm = box.width / abs(np.diff(axes.get_xlim())[0])
        bars = [line for line in axes.lines if str(line.get_gid()).startswith("scale bar")]
        wanted = float(str(bars[0].get_gid()).split()[2]) * px_per_mm
        at = picture.shape[0] - (box.y0 + 1.8 / 63.0 * box.height)
        # Left of the letter in the middle.
        row = picture[round(at), round(box.x0) : round(box.x0 + 0.45 * box.width)]
        found = int((row.min(axis=1) > 200).sum())
        assert abs(found - wanted) <= 2


def test_orange_pixels_lie_on_the_edge_of_the_mask():
    held = usual()
    figure = page_of(held, held.lesions[0])
    picture = pixels(png_bytes(held, held.lesions[0]))

    for axes, grid, mask in (
        (panels(figure)[0], PRE_GRID, held.lesions[0].pre.mask),
        (panels(figure)[3], POST_GRID, held.lesions[0].post.mask),
    ):
        measured = (held.lesions[0].pre if grid is PRE_GRID else held.lesions[0].post).measured
        box = axes.get_window_extent()
        left, top = round(box.x0), picture.shape[0] - round(box.y1)
        part = picture[top : top + round(box.height), left : left + round(box.width)]
        red, green, blue = part[..., 0], part[..., 1], part[..., 2]
        at = np.argwhere((red > 200) & (abs(green - 158) < 40) & (blue < 110))
        x0, x1 = axes.get_xlim()
        y1, y0 = axes.get_ylim()
        across = x0 + (at[:, 1] + 0.5) / part.shape[1] * (x1 - x0)
        down = y0 + (at[:, 0] + 0.5) / part.shape[0] * (y1 - y0)
        edge = edge_points(grid, mask, measured.ld_slice)
        away = np.linalg.norm(np.column_stack([across, down])[:, None] - edge[None], axis=-1).min(axis=1)
        px_mm = (x1 - x0) / part.shape[1]
        assert len(at) > 100
        assert away.max() <= 0.5 * max(grid.spacing_mm[1:]) + 3 * px_mm


def edge_points(grid, mask, k: int) -> np.ndarray:
    """Midpoints between pixels inside and outside, placed in the picture by the directions alone."""
    inside = mask.voxels[k]
    edges = []
    for j, i in np.argwhere(inside):
        for dj, di in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            if not inside[j + dj, i + di]:
                edges.append((j + dj / 2, i + di / 2))
    j, i = np.array(edges).T
    _, rows, columns = grid.shape
    _, down_mm, across_mm = grid.spacing_mm
    # The patient's left is on the right side of the picture, the back below.
    x = i if grid.axes[0, 2] > 0 else columns - 1 - i
    y = j if grid.axes[1, 1] > 0 else rows - 1 - j
    return np.column_stack([(x + 0.5) * across_mm, (y + 0.5) * down_mm])


def test_the_same_values_give_the_same_bytes_and_the_pdf_holds_no_clock_and_no_program():
    one, other = usual(), usual()

    assert png_bytes(one, one.lesions[0]) == png_bytes(other, other.lesions[0])
    assert pdf_bytes(one) == pdf_bytes(other)
    assert b"CreationDate" not in pdf_bytes(one)
    assert b"matplotlib" not in pdf_bytes(one).lower()


def everything() -> list:
    calls = tuple(
        LevatorRelation(
            "L1", "baseline", "R1", side, contact="abutment", displacement="marked", invasion="equivocal",
            components=("puborectalis", "pubococcygeus", "iliococcygeus", "coccygeus"),
        )
        for side in ("L", "R")
    )  # fmt: skip
    findings = PelvicFindings(
        "L1", "baseline", "R1", sphincter_depth="internal", sphincter_lowest_third="upper",
        organs=(("prostate", "equivocal"), ("bladder", "no"), ("coccyx", "not_assessable")),
        distance_anal_verge_mm=31.5, dav_method="two_segment", confidence="very_low",
    )  # fmt: skip
    pre = visit(
        PRE_GRID, 11.0, "baseline", -7, calls=calls, findings=findings,
        series="T2 TSE oblique high resolution",
        facts=("portal venous phase", "image quality suboptimal, motion", "rectal gel", "after biopsy"),
    )  # fmt: skip
    post = visit(POST_GRID, 7.0, "presurgery", 180, calls=calls)
    ends = pre.measured.end_points_mm["short_axis_mm"]
    by_hand = replace(pre, calipers=(SheetCaliper("short_axis", ends, LONG),))
    return [
        lesion(pre, post),
        lesion(by_hand, emptied(post), "L2", notes=(LONG,) * 9, impression="much_smaller"),
        lesion(one_slice(pre), one_slice(post), "L3"),
        lesion(pre, SheetVisit(missing="No follow-up scan has been imported."), "L4"),
        lesion(SheetVisit(missing="Not outlined at baseline."), post, "L5"),
        lesion(
            replace(pre, metrics=both_sides()), replace(post, metrics=both_sides()), "L6", notes=(LONG,) * 4
        ),
    ]


def both_sides():
    held = {name: Metric(-1234.5678, "mm", low=-2345.678, high=3456.789) for name in METRIC_NAMES}
    held["fossa_loss"] = Metric.missing("1", "the fat of the ischioanal fossae was not outlined")
    return {"L": held, "R": held}


@pytest.mark.parametrize("number", range(6))
def test_no_text_lies_on_another_or_leaves_the_page(number):
    lesions = everything()
    figure = page_of(sheet(*lesions), lesions[number])

    renderer = figure.canvas.get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in figure.texts if text.get_text()]
    for axes in figure.axes:
        boxes += [
            (text.get_text(), text.get_window_extent(renderer)) for text in axes.texts if text.get_text()
        ]
    page = figure.bbox
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 for _, box in boxes)
    foot = max(box.y1 for text, box in boxes if text.startswith("All pictures"))
    body = [
        box
        for text, box in boxes
        if not text.startswith(("All", "Research", "page", "gist_imaging", "4 warning"))
    ]
    assert all(box.y0 >= foot for box in body)
    over = [
        (one, other)
        for (one, a), (other, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1.0 and min(a.y1, b.y1) - max(a.y0, b.y0) > 3.0
    ]
    assert over == []


def test_what_does_not_fit_is_counted():
    lesions = everything()

    assert "more; they stand in the tables" in said(page_of(sheet(*lesions), lesions[5]))
    assert "more; they stand with the reading" in said(page_of(sheet(*lesions), lesions[1]))


def test_a_complete_response_is_called_so_and_a_missing_follow_up_too():
    gone = lesion(visit(PRE_GRID, 11.0, "baseline", -7), emptied(visit(POST_GRID, 7.0, "presurgery", 180)))
    alone = lesion(visit(PRE_GRID, 11.0, "baseline", -7), SheetVisit(missing="No follow-up scan."))

    assert "CR ↓ −100.0 %" in said(page_of(sheet(gone), gone))
    assert "no lesion: empty mask" in said(page_of(sheet(gone), gone))
    assert "No follow-up scan." in said(page_of(sheet(alone), alone))


def test_a_draft_says_so_twice():
    held = lesion(visit(PRE_GRID, 11.0, "baseline", -7), visit(POST_GRID, 7.0, "presurgery", 180))
    text = said(page_of(sheet(held, status="draft", revision=0), held))

    assert "DRAFT" in text
    assert "has not committed" in text


def test_a_diameter_set_by_hand_stands_beside_the_number_of_the_outline():
    pre = visit(PRE_GRID, 11.0, "baseline", -7)
    (x, y, z), _ = pre.measured.end_points_mm["longest_axial_diameter_mm"]
    ends = ((x, y, z), (x + 3.0, y + 4.0, z))
    held = lesion(
        replace(pre, calipers=(SheetCaliper("longest_axial_diameter", ends, "necrosis left out"),)),
        visit(POST_GRID, 7.0, "presurgery", 180),
    )
    text = said(page_of(sheet(held), held))

    assert "longest axial diameter to 5.0 mm by hand (necrosis left out)" in text
    assert f"{pre.measured.longest_axial_diameter_mm:.1f} ±" in text


def test_not_evaluable_says_why():
    pre, post = visit(PRE_GRID, 11.0, "baseline", -7), visit(POST_GRID, 7.0, "presurgery", 180)
    flat = [replace(one, volume=replace(one.volume, geometry=replace(one.volume.geometry, physical=False)),
                    mask=replace(one.mask, geometry=replace(one.mask.geometry, physical=False)))
            for one in (pre, post)]  # fmt: skip
    held = lesion(*(replace(one, measured=measure_lesion(one.volume, one.mask)) for one in flat))
    figure = page_of(sheet(held), held)

    assert "geometry not physical" in said(figure)
    assert not [line for axes in panels(figure) for line in axes.lines if line.get_gid()]


def test_a_sheet_says_what_it_is_for():
    held = usual()

    assert "Research use only; not for primary diagnosis." in said(page_of(held, held.lesions[0]))


def test_files_are_written_once_and_only_replaced_when_told(tmp_path):
    held = sheet(*everything()[:2])

    written = write_case_sheet(tmp_path, held)

    assert sorted(path.name for path in written) == [
        "SYN-009_R1.pdf",
        "SYN-009_R1_L1.png",
        "SYN-009_R1_L2.png",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)
    with pytest.raises(GistImagingError, match="there already"):
        write_case_sheet(tmp_path, held)
    assert write_case_sheet(tmp_path, held, overwrite=True) == written


@pytest.mark.real
@needs_real_scans
def test_a_real_sarcoma_is_shown_with_its_published_volume_and_longest_diameter():
    folder = REAL_SCANS / "tumour_labels" / "STS_002" / "dicom_CT"
    volume = read_volume(folder / "image")
    mask = read_mask(next((folder / "rtstruct").iterdir()), like=volume)
    pre = SheetVisit(volume=volume, mask=mask, measured=measure_lesion(volume, mask), label="baseline")
    held = lesion(pre, SheetVisit(missing="No follow-up scan."))
    figure = page_of(sheet(held), held)

    # 53.30 mL and 56.9 mm, as FACTS_labels.csv has them.
    assert "53.30 ±" in said(figure)
    assert "56.9 ±" in said(figure)
    assert all(axes.get_xlim()[1] - axes.get_xlim()[0] >= 56.9 for axes in panels(figure))
