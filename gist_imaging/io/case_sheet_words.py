"""The numbers, categories and reasons of a case sheet in words, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gist_imaging.io.case_sheet_values import CaseSheet, SheetLesion, SheetVisit
from gist_imaging.measure.lesion import LesionMeasurement
from gist_imaging.response.change import Category, Response
from gist_imaging.spatial.volume import Quantity

__all__ = [
    "MM3_PER_ML",
    "NOTHING",
    "RESEARCH_USE_ONLY",
    "Row",
    "hash_words",
    "headline",
    "note_lines",
    "number_rows",
    "plain",
    "response_rows",
    "visit_words",
    "worded",
]

RESEARCH_USE_ONLY = "Research use only; not for primary diagnosis."
SHORT_HASH = 12
"""Hex digits of a hash that are shown."""

NOTHING = "–"
MM3_PER_ML = 1000.0

_SIZES = (
    ("longest_axial_diameter_mm", "Longest in one slice"),
    ("short_axis_mm", "Short axis, same slice"),
    ("longest_3d_diameter_mm", "Longest 3D diameter"),
    ("craniocaudal_length_mm", "Craniocaudal length"),
)
_RULES = {
    "recist11": "RECIST 1.1",
    "choi": "Choi",
    "mchoi": "Modified Choi",
    "who": "WHO",
    "volume_sphere_recist": "Volume (sphere, RECIST)",
    "volume_sphere_who": "Volume (sphere, WHO)",
    "volume_ellipsoid": "Volume (ellipsoid)",
    "volume_reliability": "Volume (reliability)",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of the sheet; `bold` marks what stands out without colour."""

    cells: tuple[str, ...]
    bold: bool = False


def signed(value: float, decimals: int = 1) -> str:
    """Return a number with its sign, the minus being a minus.

    >>> signed(-28.13), signed(4.0), signed(-0.04)
    ('−28.1', '+4.0', '0.0')
    """
    text = f"{value:+.{decimals}f}"
    if float(text) == 0.0:
        return text[1:]
    return text.replace("-", "−")


def plain(value: float, decimals: int = 1) -> str:
    """Return a number, the minus being a minus.

    >>> plain(-1.04), plain(81.064, 2)
    ('−1.0', '81.06')
    """
    text = f"{value:.{decimals}f}"
    return (text[1:] if float(text) == 0.0 and text.startswith("-") else text).replace("-", "−")


def arrow(change: float) -> str:
    """Return the arrow of a change; within 0.05 there is none to see."""
    if abs(change) < 0.05:
        return "→"
    return "↓" if change < 0 else "↑"


def number_rows(lesion: SheetLesion) -> list[Row]:
    """Return the table of numbers: what, before, after, change."""
    pre, post = lesion.pre.measured, lesion.post.measured
    rows = [
        _number_row("Volume, mL", "volume_mm3", lesion, 1 / MM3_PER_ML),
        *(_number_row(f"{title}, mm", name, lesion, 1.0) for name, title in _SIZES),
    ]
    quantities = {held.quantity for held in (pre, post) if held is not None}
    unit = str(next(iter(quantities))) if len(quantities) == 1 else "units differ"
    words = {str(Quantity.ARBITRARY): "signal", "ADC": "ADC, 10⁻³ mm²/s"}
    rows.append(_number_row(f"Mean {words.get(unit, unit)}", "mean", lesion, 1.0))
    return rows


def _number_row(title: str, name: str, lesion: SheetLesion, factor: float) -> Row:
    change = lesion.change_pct.get(name)
    if name == "mean" and _is_arbitrary(lesion):
        # Signal without a unit differs from scan to scan; its change says nothing.
        change = None
    return Row(
        (
            title,
            _number(lesion.pre.measured, name, factor),
            _number(lesion.post.measured, name, factor),
            NOTHING if change is None else f"{arrow(change)} {signed(change)} %",
        )
    )


def _is_arbitrary(lesion: SheetLesion) -> bool:
    held = (lesion.pre.measured, lesion.post.measured)
    return any(one is not None and one.quantity is Quantity.ARBITRARY for one in held)


def _number(measured: LesionMeasurement | None, name: str, factor: float) -> str:
    value = None if measured is None else getattr(measured, name)
    if measured is None or value is None:
        return NOTHING
    half_width = measured.uncertainty.get(name)
    decimals = 2 if factor < 1.0 else 1
    spread = "" if half_width is None else f" ± {half_width * factor:.1f}"
    return plain(value * factor, decimals) + spread


def not_measured_lines(lesion: SheetLesion) -> list[str]:
    """Return why numbers of the table are missing."""
    lines = []
    for tag, visit in (("PRE", lesion.pre), ("POST", lesion.post)):
        if visit.measured is None:
            continue
        shown = ("volume_mm3", *(name for name, _ in _SIZES), "mean")
        by_reason: dict[str, list[str]] = {}
        for name in shown:
            if (reason := visit.measured.not_measured.get(name)) is not None:
                by_reason.setdefault(reason, []).append(name.rsplit("_mm", 1)[0].replace("_", " "))
        lines += [
            f"{tag}: {', '.join(names)} not measured: {worded(reason)}" for reason, names in by_reason.items()
        ]
    return lines


def worded(code: str) -> str:
    """Return a frozen code as words.

    >>> worded("phase_unknown")
    'phase unknown'
    """
    return code.replace("_", " ")


def category_words(response: Response) -> str:
    """Return the category with its arrow and number; NE has none."""
    change = response.change_pct_baseline
    word = worded(str(response.category))
    if change is None or response.category is Category.NE:
        return word
    return f"{word} {arrow(change)}\u00a0{signed(change)} %"


def response_rows(lesion: SheetLesion) -> list[Row]:
    """Return one line for each set of rules: its name, what it says, and the rule or reason behind it."""
    rows = []
    for response in lesion.responses:
        because = (response.rule or "").partition(": ")[2] or (response.rule or "")
        if response.category is Category.NE:
            because = worded(response.reason or "no reason given")
        elif response.density_change_pct is not None:
            because += f"; density {signed(response.density_change_pct)} %"
        if response.query:
            because = f"{because}; to be looked at: {worded(response.query)}".lstrip("; ")
        name = _RULES.get(response.criterion, worded(response.criterion))
        rows.append(Row((name, category_words(response), because), bold=response.criterion == "recist11"))
    return rows


def headline(lesion: SheetLesion) -> str:
    """Return the categories that a board asks for, each with its arrow and number, or why not."""
    wanted = ("recist11", "choi", "volume_sphere_recist")
    found = {response.criterion: response for response in lesion.responses}
    short = {"volume_sphere_recist": "Volume"}
    told = []
    for criterion in (one for one in wanted if one in found):
        response = found[criterion]
        why = f" ({worded(response.reason)})" if response.reason else ""
        told.append(f"{short.get(criterion, _RULES[criterion])}: {category_words(response)}{why}")
    return "    ".join(told)


def visit_words(tag: str, visit: SheetVisit) -> str:
    """Return the caption of a visit."""
    day = "" if visit.day is None else f"day {signed(visit.day, 0)} from {visit.day_of}"
    parts = (visit.label, day, visit.series, *visit.facts, visit.state)
    return f"{tag}   " + "  ·  ".join(part for part in parts if part)


def note_lines(sheet: CaseSheet, lesion: SheetLesion) -> list[str]:
    """Return overrides and warnings: what a board must know beside the numbers."""
    lines = []
    if sheet.status != "committed":
        lines.append("DRAFT: the reader has not committed this reading; it may change.")
    if lesion.impression:
        lines.append(f"Before any number was shown, the reader called it {worded(lesion.impression)}.")
    for tag, visit in (("PRE", lesion.pre), ("POST", lesion.post)):
        lines += [
            f"{tag}: the reader set the {worded(caliper.measure)} to {_length(caliper.points_mm)} mm by hand"
            f"{f' ({caliper.why})' if caliper.why else ''}; the table holds the number of the outline."
            for caliper in visit.calipers
        ]
        if visit.note:
            lines.append(f"{tag}: {visit.note}")
        if visit.fate:
            lines.append(f"{tag}: the reader called the lesion {worded(visit.fate)}.")
        if visit.measured is not None:
            lines += [
                f"{tag}: {held.code} overridden by the reader: {held.reason}"
                for held in visit.measured.overrides
            ]
            overridden = {held.code for held in visit.measured.overrides}
            lines += [
                f"{tag}: {held.code}: {held.message}"
                for held in visit.measured.problems
                if held.code not in overridden
            ]
    if lesion.pre.measured is not None and lesion.post.measured is not None:
        lines += _differences(lesion.pre.measured, lesion.post.measured)
    return [*lines, *not_measured_lines(lesion), *lesion.notes]


def _differences(pre: LesionMeasurement, post: LesionMeasurement) -> list[str]:
    lines = []
    if pre.modality != post.modality:
        lines.append(f"The visits were scanned with {pre.modality} and {post.modality}.")
    if pre.slice_spacing_mm and post.slice_spacing_mm:
        one, other = pre.slice_spacing_mm, post.slice_spacing_mm
        if abs(one - other) > 0.05 * max(one, other):
            lines.append(f"Slices lie {plain(one)} mm apart before and {plain(other)} mm after.")
    if pre.ld_plane and post.ld_plane and pre.ld_plane != post.ld_plane:
        lines.append(f"Longest diameters lie in different planes: {pre.ld_plane} and {post.ld_plane}.")
    return lines


def _length(points_mm: Iterable[tuple[float, float, float]]) -> str:
    first, *_, last = tuple(points_mm)
    return plain(sum((a - b) ** 2 for a, b in zip(first, last, strict=True)) ** 0.5)


def hash_words(sheet: CaseSheet, lesion: SheetLesion) -> str:
    """Return versions and short hashes, by which the numbers can be made again."""
    parts: dict[str, str] = dict(sheet.versions)
    masks: Mapping[str, LesionMeasurement | None] = {"PRE": lesion.pre.measured, "POST": lesion.post.measured}
    parts |= {f"mask {tag}": held.mask_sha256[:SHORT_HASH] for tag, held in masks.items() if held is not None}
    if sheet.reading_sha256:
        parts["reading"] = sheet.reading_sha256[:SHORT_HASH]
    return "  ·  ".join(f"{name} {value}" for name, value in parts.items())
