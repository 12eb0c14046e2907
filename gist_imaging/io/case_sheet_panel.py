"""One picture of a case sheet: a plane with outline, calipers, letters and scale bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gist_imaging.io.case_sheet_pen import Pen
from gist_imaging.io.case_sheet_plane import FloatArray, SheetPlane

__all__ = ["TUMOUR_COLOUR", "Drawing", "PanelStyle", "draw_panel"]

TUMOUR_COLOUR = "#FF9E3D"
LEVATOR_COLOUR = "#56B4E9"
MEASURED_COLOUR = "#FFFFFF"
BY_HAND_COLOUR = "#F0E442"
_CASING = "#101010"
_BARS_MM = (2.0, 5.0, 10.0, 20.0, 50.0)
_SMALL, _LETTER = 6.0, 8.5
_DASHES = (0, (3.2, 1.8))
# Half the length of the bar at each end of a caliper.
_END_BAR_MM = 0.9

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PanelStyle:
    """What all pictures of a page share.

    Parameters
    ----------
    side_mm : of the square on paper
    span_mm : of the patient that it shows; equal in all pictures of a page
    physical : whether a mm of the picture is one of the patient
    """

    side_mm: float
    span_mm: float
    physical: bool = True

    @property
    def paper_mm(self) -> float:
        """Paper for one mm of the patient."""
        return self.side_mm / self.span_mm


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What is drawn on one picture.

    Parameters
    ----------
    plane : image and mask
    shown : values that are black and white
    dashed : the outline, as for the later visit
    calipers : label to two points, LPS; those that lie on the plane are drawn
    by_hand : the same, set by the reader
    lines : letter and points, LPS, of strokes along the levator ani
    title : small words in a corner
    banner : larger words below it
    """

    plane: SheetPlane
    shown: tuple[float, float]
    dashed: bool = False
    calipers: Mapping[str, FloatArray] = field(default_factory=dict)
    by_hand: Mapping[str, FloatArray] = field(default_factory=dict)
    lines: tuple[tuple[str, FloatArray], ...] = ()
    title: str = ""
    banner: str = ""


def draw_panel(pen: Pen, x_mm: float, y_mm: float, drawing: Drawing, style: PanelStyle) -> Any:
    """Draw one picture whose upper left corner lies there; return its axes, in mm of the plane."""
    plane = drawing.plane
    axes = pen.axes(x_mm, y_mm, style.side_mm, style.side_mm)
    width, height = plane.size_mm
    axes.imshow(
        plane.values,
        cmap=_grey(),
        vmin=drawing.shown[0],
        vmax=drawing.shown[1],
        extent=(0.0, width, height, 0.0),
        interpolation="bilinear",
        aspect="auto",
    )
    across, down = plane.middle.tolist()
    half = style.span_mm / 2
    axes.set_xlim(across - half, across + half)
    axes.set_ylim(down + half, down - half)
    axes.set_facecolor("black")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    for outline in plane.outlines():
        _cased(axes, outline, TUMOUR_COLOUR, 1.3, dashes=_DASHES if drawing.dashed else "-")
    for letter, points in drawing.lines:
        _stroke(axes, plane, letter, points)
    taken = _annotate(axes, pen, drawing, style)
    for words, colour in ((drawing.calipers, MEASURED_COLOUR), (drawing.by_hand, BY_HAND_COLOUR)):
        for label, points in words.items():
            if plane.lies_on(points).all():
                _caliper(axes, pen, style, plane.to_picture(points), label, colour, taken)
    return axes


def _grey() -> Any:
    from matplotlib import colormaps

    return colormaps["gray"].with_extremes(bad="black")


def _cased(axes: Any, points: FloatArray, colour: str, width: float, dashes: Any = "-") -> None:
    """Draw a line with a dark rim, which keeps it visible on grey of any brightness."""
    axes.plot(
        points[:, 0], points[:, 1], "-", lw=width + 1.3, color=_CASING, solid_capstyle="butt", alpha=0.85
    )
    axes.plot(points[:, 0], points[:, 1], ls=dashes, lw=width, color=colour, solid_capstyle="butt")


def _rim(width: float = 2.2) -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=_CASING)]


def _font(size: float, *, bold: bool = False) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")


def _stroke(axes: Any, plane: SheetPlane, letter: str, points_mm: FloatArray) -> None:
    on = plane.lies_on(points_mm)
    if on.sum() < 2:
        return
    line = plane.to_picture(points_mm)[on]
    _cased(axes, line, LEVATOR_COLOUR, 1.1)
    if letter:
        at = line[len(line) // 2]
        axes.annotate(
            letter, at, xytext=(3, 0), textcoords="offset points", color=LEVATOR_COLOUR, va="center",
            fontproperties=_font(_SMALL, bold=True), path_effects=_rim(), annotation_clip=True,
        )  # fmt: skip


# (x, y, width, height) in mm of paper from the picture's upper left corner.
Box = tuple[float, float, float, float]


def _annotate(axes: Any, pen: Pen, drawing: Drawing, style: PanelStyle) -> list[Box]:
    """Write letters, title and scale bar; return where they stand."""
    side = style.side_mm
    taken: list[Box] = []

    def write(x: float, y: float, text: str, size: float, ha: str, va: str) -> None:
        axes.text(
            x / side, 1.0 - y / side, text, transform=axes.transAxes, color="white", ha=ha, va=va,
            fontproperties=_font(size, bold=size == _LETTER), path_effects=_rim(), parse_math=False,
        )  # fmt: skip
        wide, high = pen.width_mm(text, size, bold=size == _LETTER), pen.line_mm(size)
        left = {"left": x, "center": x - wide / 2, "right": x - wide}[ha]
        top = {"top": y, "center": y - high / 2, "bottom": y - high}[va]
        taken.append((left, top, wide, high))

    left, right, top, bottom = drawing.plane.letters
    write(1.0, side / 2, left, _LETTER, "left", "center")
    write(side - 1.0, side / 2, right, _LETTER, "right", "center")
    write(side / 2, 1.0, top, _LETTER, "center", "top")
    write(side / 2, side - 1.0, bottom, _LETTER, "center", "bottom")
    if drawing.title:
        room = side / 2 - pen.width_mm(top, _LETTER, bold=True) / 2 - 2.0
        write(1.0, 1.0, pen.shortened(drawing.title, _SMALL, room), _SMALL, "left", "top")
    if drawing.banner:
        write(side / 2, 7.0, drawing.banner, _LETTER, "center", "top")
    if style.physical:
        bar_mm = max((bar for bar in _BARS_MM if bar <= style.span_mm / 4), default=_BARS_MM[0])
        long = bar_mm * style.paper_mm
        ends = [2.0 / side, (2.0 + long) / side]
        for width, colour in ((3.2, _CASING), (1.6, "white")):
            axes.plot(
                ends, [1.8 / side] * 2, "-", lw=width, color=colour, transform=axes.transAxes,
                solid_capstyle="butt", gid=f"scale bar {bar_mm:g} mm",
            )  # fmt: skip
        write(2.0, side - 2.4, f"{bar_mm:g} mm", _SMALL, "left", "bottom")
    return taken


def _caliper(
    axes: Any, pen: Pen, style: PanelStyle, ends: FloatArray, label: str, colour: str, taken: list[Box]
) -> None:
    """Draw a line with end bars, and its number where nothing else stands."""
    along = ends[1] - ends[0]
    length = float(np.linalg.norm(along))
    if length == 0.0:
        return
    along = along / length
    aside = np.array([-along[1], along[0]])
    bar = aside * _END_BAR_MM / style.paper_mm
    for end in ends:
        _cased(axes, np.array([end - bar, end + bar]), colour, 0.9)
    _cased(axes, np.array([ends[0], ends[1]]), colour, 0.7)
    corner = np.array([axes.get_xlim()[0], axes.get_ylim()[1]])
    wide, high = pen.width_mm(label, _SMALL, bold=True), pen.line_mm(_SMALL)
    at = _free_place(((ends - corner) * style.paper_mm), along, aside, (wide, high), taken, style.side_mm)
    taken.append((at[0] - wide / 2, at[1] - high / 2, wide, high))
    axes.text(
        at[0] / style.side_mm, 1.0 - at[1] / style.side_mm, label, transform=axes.transAxes, color=colour,
        ha="center", va="center", fontproperties=_font(_SMALL, bold=True), path_effects=_rim(),
        parse_math=False,
    )  # fmt: skip


def _free_place(
    ends: FloatArray, along: FloatArray, aside: FloatArray, size: Point, taken: Iterable[Box], side: float
) -> FloatArray:
    """Return the middle of a label beyond an end of a caliper, inside the picture and clear of others."""
    boxes = list(taken)
    half = np.array(size) / 2
    candidates = []
    for away in (1.0, 3.0, 5.5):
        for end, out in ((ends[1], along), (ends[0], -along)):
            for turn in (0.0, 1.0, -1.0):
                direction = out + turn * aside
                direction = direction / np.linalg.norm(direction)
                reach = away + float(np.abs(direction) @ half)
                candidates.append(end + direction * reach)
    inside = [np.clip(at, half + 0.8, side - 0.8 - half) for at in candidates]

    def cost(n: int) -> tuple[float, float, int]:
        at = inside[n]
        low = at - half
        covered = 0.0
        for x, y, wide, high in boxes:
            over = np.minimum(low + 2 * half, (x + wide, y + high)) - np.maximum(low, (x, y))
            covered += float(np.prod(np.maximum(over + 0.4, 0.0)))
        return covered, float(np.abs(at - candidates[n]).sum()), n

    return np.asarray(inside[min(range(len(inside)), key=cost)])
