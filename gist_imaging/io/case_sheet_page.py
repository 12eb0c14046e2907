"""The page of one lesion: pictures before and after, numbers, categories, the reader's words, and hashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gist_imaging.io import case_sheet_levator as levator
from gist_imaging.io import case_sheet_words as words
from gist_imaging.io.case_sheet_panel import Drawing, PanelStyle, draw_panel
from gist_imaging.io.case_sheet_pen import PAGE_MM, Pen
from gist_imaging.io.case_sheet_plane import FloatArray, SheetPlane, planes_through
from gist_imaging.io.case_sheet_values import CaseSheet, SheetLesion, SheetVisit
from gist_imaging.io.mask_picture_plane import shown_range
from gist_imaging.spatial.geometry import plane_of
from gist_imaging.spatial.volume import Quantity

__all__ = ["page_of"]

_MARGIN = 9.0
_WIDTH = PAGE_MM[0] - 2 * _MARGIN
_GAP = 1.5
_SIDE = (_WIDTH - 2 * _GAP) / 3
# Tissue that is shown around the lesion, and the least that a picture spans.
_AROUND_MM = 16.0
_SPAN_AT_LEAST_MM = 60.0
# Pictures of one scale need a common length; spans are whole steps of it.
_SPAN_STEP_MM = 5.0
# Darker than in the picture for checking a mask, so that fat keeps its greys.
_LESION_WHITE = 0.3
_TILT_TOLD_FROM_DEG = 5.0
_TEXT, _SMALL = 7.0, 6.2
_FOOT_AT = PAGE_MM[1] - 15.0
_QUIET = "#555B61"

_CALIPERS = (("longest_axial_diameter_mm", "longest_axial_diameter"), ("short_axis_mm", "short_axis"))


def page_of(sheet: CaseSheet, lesion: SheetLesion) -> Any:
    """Return the figure of one lesion's page, A4 upright at 150 dpi."""
    pen = Pen()
    y = _head(pen, sheet, lesion)
    y = _pictures(pen, lesion, y)
    y = _numbers(pen, lesion, y)
    y, width = _levator(pen, lesion, y)
    _notes(pen, sheet, lesion, y, width)
    _foot(pen, sheet, lesion)
    return pen.figure


def _head(pen: Pen, sheet: CaseSheet, lesion: SheetLesion) -> float:
    y = 7.0
    title = f"{sheet.case}   {lesion.name}"
    about = ", ".join(part for part in (lesion.organ, lesion.role) if part)
    pen.text(_MARGIN, y, title, 15.0, bold=True)
    pen.text(_MARGIN + pen.width_mm(title, 15.0, bold=True) + 4.0, y + 2.0, about, 9.0, colour=_QUIET)
    revision = f"revision {sheet.revision}" if sheet.revision else "no revision yet"
    status = sheet.status.upper()
    pen.text(_MARGIN + _WIDTH, y, f"{status}", 11.0, bold=True, right=True)
    told = f"reader {sheet.reader}  ·  {revision}  ·  {'blinded' if sheet.blinded else 'not blinded'}"
    pen.text(_MARGIN + _WIDTH, y + 5.4, told, 7.5, colour=_QUIET, right=True)
    line = words.headline(lesion) or "one visit: nothing to compare with"
    pen.text(_MARGIN, y + 9.3, pen.shortened(line, 9.5, _WIDTH, bold=True), 9.5, bold=True)
    pen.rule(_MARGIN, y + 14.3, _WIDTH)
    return y + 15.2


def _pictures(pen: Pen, lesion: SheetLesion, y: float) -> float:
    visits = (("PRE", lesion.pre), ("POST", lesion.post))
    planes = {tag: _planes(visit) for tag, visit in visits}
    style = PanelStyle(_SIDE, _span_mm([plane for held in planes.values() for plane in held]))
    for tag, visit in visits:
        style = PanelStyle(_SIDE, style.span_mm, _physical(visit))
        y = _visit(pen, tag, visit, planes[tag], style, y)
    return y + 0.5


def _visit(
    pen: Pen, tag: str, visit: SheetVisit, planes: list[SheetPlane], style: PanelStyle, y: float
) -> float:
    window = ""
    shown = (0.0, 1.0)
    if visit.volume is not None and planes:
        shown = shown_range(visit.volume.quantity, planes[0].values, planes[0].inside, _LESION_WHITE)
        unit = " HU" if visit.volume.quantity is Quantity.HU else ""
        window = f"W {words.plain(shown[1] - shown[0], 0)}  L {words.plain(sum(shown) / 2, 0)}{unit}"
    room = _WIDTH - pen.width_mm(window, _TEXT) - 3.0
    caption = pen.shortened(words.visit_words(tag, visit), 7.8, room, bold=True)
    pen.text(_MARGIN, y, caption, 7.8, bold=True)
    pen.text(_MARGIN + _WIDTH, y + 0.2, window, _TEXT, colour=_QUIET, right=True)
    y += 4.2
    if not planes:
        axes = pen.axes(_MARGIN, y, _WIDTH, 16.0)
        axes.set_axis_off()
        pen.text(_MARGIN + 3.0, y + 5.0, visit.missing or "no picture", 9.0, colour=_QUIET)
        pen.rule(_MARGIN, y, _WIDTH)
        pen.rule(_MARGIN, y + 16.0, _WIDTH)
        return y + 17.5
    for n, plane in enumerate(planes):
        drawing = _drawing(tag, visit, plane, shown, is_main=n == 0)
        draw_panel(pen, _MARGIN + n * (_SIDE + _GAP), y, drawing, style)
    return y + _SIDE + 1.8


def _planes(visit: SheetVisit) -> list[SheetPlane]:
    if visit.volume is None or visit.mask is None:
        return []
    volume, measured = visit.volume, visit.measured
    if visit.mask.is_empty:
        middle = volume.geometry.to_patient((np.array(volume.geometry.shape) - 1) / 2)
        return planes_through(volume, visit.mask, middle if visit.at_mm is None else visit.at_mm)
    ends = None if measured is None else measured.end_points_mm.get("longest_axial_diameter_mm")
    if measured is None or ends is None:
        inside = np.argwhere(visit.mask.voxels)
        return planes_through(volume, visit.mask, volume.geometry.to_patient(inside.mean(axis=0)))
    return planes_through(volume, visit.mask, np.mean(ends, axis=0), measured.ld_slice)


def _span_mm(planes: Sequence[SheetPlane]) -> float:
    """Return what every picture spans: the largest part of the mask on any plane, with tissue around it."""
    reach = [0.0]
    for plane in planes:
        if plane.inside.any():
            at = np.argwhere(plane.inside)
            reach.append(float(((np.ptp(at, axis=0) + 1) * plane.spacing_mm).max()))
    wanted = max(max(reach) + 2 * _AROUND_MM, _SPAN_AT_LEAST_MM)
    return float(np.ceil(wanted / _SPAN_STEP_MM) * _SPAN_STEP_MM)


def _physical(visit: SheetVisit) -> bool:
    grids = [held.geometry for held in (visit.volume, visit.mask) if held is not None]
    return all(grid.physical for grid in grids)


def _drawing(
    tag: str, visit: SheetVisit, plane: SheetPlane, shown: tuple[float, float], *, is_main: bool
) -> Drawing:
    n_slices = plane.geometry.shape[plane.order[0]]
    title = f"{plane.name} reformat"
    if is_main:
        tilt_deg = plane_of(plane.geometry)[1]
        title = f"{plane.name} {plane.at + 1}/{n_slices}"
        if tilt_deg >= _TILT_TOLD_FROM_DEG:
            title += f", tilt {tilt_deg:.0f}°"
    calipers: dict[str, FloatArray] = {}
    if is_main and visit.measured is not None:
        for name, _ in _CALIPERS:
            length, ends = getattr(visit.measured, name), visit.measured.end_points_mm.get(name)
            if length and ends:
                calipers[f"{words.plain(length)} mm"] = np.asarray(ends)
    by_hand = {
        f"{words.plain(float(np.linalg.norm(np.subtract(*ends))))} mm by hand": ends
        for ends in (np.asarray(held.points_mm) for held in visit.calipers)
        if len(ends) == 2
    }
    return Drawing(
        plane,
        shown,
        dashed=tag == "POST",
        calipers=calipers,
        by_hand=by_hand if is_main else {},
        lines=tuple((line.word, np.asarray(line.points_mm)) for line in visit.lines),
        title=title,
        banner="no lesion: empty mask" if is_main and visit.mask is not None and visit.mask.is_empty else "",
    )


def _numbers(pen: Pen, lesion: SheetLesion, y: float) -> float:
    """Write sizes on the left, and what each set of rules says on the right."""
    sizes = (31.5, 18.0, 17.5, 16.0)
    top = _table_head(pen, _MARGIN, y, sizes, ("Sizes and grey values", "PRE", "POST", "change"), 1)
    rows = [(row.cells, row.bold) for row in words.number_rows(lesion)]
    one = pen.table(_MARGIN, top, sizes, rows, _SMALL, right_from=1)
    x = _MARGIN + sum(sizes) + 3.0
    columns = (30.5, 21.0, _WIDTH - sum(sizes) - 54.5)
    top = _table_head(pen, x, y, columns, (f"Response of {lesion.name}", "category", "because"))
    rows = [(row.cells, row.bold) for row in words.response_rows(lesion)]
    other = pen.table(x, top, columns, rows or [(("no second visit to compare with", "", ""), False)], _SMALL)
    return max(one, other) + 2.0


def _table_head(
    pen: Pen,
    x: float,
    y: float,
    widths: Sequence[float],
    titles: Sequence[str],
    right_from: int | None = None,
) -> float:
    y = pen.table(x, y, widths, [(titles, True)], _SMALL, right_from=right_from)
    pen.rule(x, y + 0.3, sum(widths))
    return y + 1.0


def _levator(pen: Pen, lesion: SheetLesion, y: float) -> tuple[float, float]:
    """Write the reader's words on the left, what was measured on the right; return the room below them.

    Returns
    -------
    y, width : below the words where the numbers reach further down, else below both
    """
    metrics, missing = levator.metric_rows(lesion)
    calls = levator.calls_rows(lesion)
    findings = levator.findings_lines(lesion)
    left = 104.0 if metrics else _WIDTH
    columns = (19.0, 17.5, 17.5, 17.5, left - 71.5)
    top = _table_head(
        pen, _MARGIN, y, columns, ("Levator ani", "contact", "displaced", "invasion", "muscles")
    )
    rows = [(row.cells, row.bold) for row in calls]
    if not rows:
        rows = [(("not asked", "", "", "", ""), False)]
    until = _FOOT_AT - 2.0
    one = pen.table(_MARGIN, top, columns, rows, _SMALL, until_mm=until)
    lines = [((line,), False) for line in (*findings, *missing)]
    one = pen.table(_MARGIN, one + 0.6, (left - 1.0,), lines, _SMALL, until_mm=until)
    other = y
    if metrics:
        x = _MARGIN + left + 2.0
        three = (33.0, 25.0, _WIDTH - left - 60.0)
        top = _table_head(pen, x, y, three, ("Levator ani: measured", "", ""))
        other = pen.table(
            x, top, three, [(row.cells, row.bold) for row in metrics], _SMALL, right_from=1, until_mm=until
        )
    if other > one:
        return one + 2.0, left - 3.0
    return one + 2.0, _WIDTH


def _notes(pen: Pen, sheet: CaseSheet, lesion: SheetLesion, y: float, width: float) -> None:
    """Write overrides and warnings in the room that is left; what does not fit is counted."""
    lines = words.note_lines(sheet, lesion)
    if not lines:
        return
    step = pen.line_mm(_SMALL)
    if y + 2 * step + 0.6 > _FOOT_AT - 2.0:
        # No room: a board must not take that for nothing to be known.
        lack = f"{len(lines)} warning(s): see the reading"
        pen.text(_MARGIN + _WIDTH / 2, _FOOT_AT + 1.2 + 2 * pen.line_mm(5.8), lack, 7.0, bold=True)
        return
    pen.text(_MARGIN, y, "To be known beside the numbers", _SMALL, bold=True)
    y += step + 0.6
    for n, line in enumerate(lines):
        parts = pen.wrapped(f"•  {line}", _SMALL, width)
        rest = len(lines) - n
        room = int((_FOOT_AT - 2.0 - y) // step)
        if len(parts) > room - (1 if rest > 1 else 0):
            pen.text(_MARGIN, y, f"…  {rest} more; they stand with the reading.", _SMALL, bold=True)
            return
        for part in parts:
            pen.text(_MARGIN, y, part, _SMALL)
            y += step


def _foot(pen: Pen, sheet: CaseSheet, lesion: SheetLesion) -> None:
    pen.rule(_MARGIN, _FOOT_AT, _WIDTH)
    y = _FOOT_AT + 1.2
    for part in pen.wrapped(words.hash_words(sheet, lesion), 5.8, _WIDTH)[:2]:
        pen.text(_MARGIN, y, part, 5.8, colour=_QUIET)
        y += pen.line_mm(5.8)
    scale = (
        "All pictures of this page have one scale. Outline: solid before, dashed after. "
        "± and (a to b): what the size of voxels and the error of the surface leave open."
    )
    pen.text(_MARGIN, y, scale, 5.8, colour=_QUIET)
    page = f"page {sheet.lesions.index(lesion) + 1} of {len(sheet.lesions)}"
    pen.text(_MARGIN + _WIDTH, y, page, 5.8, colour=_QUIET, right=True)
    pen.text(_MARGIN, y + pen.line_mm(5.8) + 0.4, words.RESEARCH_USE_ONLY, 7.0, bold=True)
