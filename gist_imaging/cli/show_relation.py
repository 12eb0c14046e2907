"""How tumour and levator ani are printed: the reader's words, the numbers, and why some are missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gist_imaging.cli import show

if TYPE_CHECKING:
    from rich.console import Console

    from gist_imaging.anatomy.visit_change import VisitChange
    from gist_imaging.anatomy.visit_relation import VisitRelation

Metrics = Mapping[str, Mapping[str, Any]]

_RELATION: Mapping[str, str] = {
    "min_distance": "M1 smallest distance",
    "distance_p5": "M1 distance (5th percentile)",
    "overlap_volume": "M1 overlap of the outlines",
    "contact_area": "M2 contact area",
    "contact_length": "M2 longest contact in one slice",
    "contact_arc": "M2 its arc around the tumour",
    "displacement_mean": "M3 displacement (mean in contact)",
    "displacement_p95": "M3 displacement (95th percentile)",
    "displacement_max": "M3 displacement (largest)",
    "displaced_volume": "M3 displaced volume",
    "bow": "M4 bow",
    "bow_ratio": "M4 bow / chord",
    "bow_difference": "M4 bow (affected - other side)",
    "levator_angle": "M5 coronal angle",
    "levator_angle_difference": "M5 angle (affected - other side)",
    "hemi_hiatus_ratio": "M6 half hiatus (affected / other)",
    "thickness_ratio": "M7 thickness (affected / other)",
    "fossa_loss": "M8 loss of ischioanal fat",
    "signal_ratio": "M9 signal (affected / other)",
}
_LINES: Mapping[str, str] = {
    "pubococcygeal_line": "pubococcygeal line",
    "h_line": "H line",
    "m_line": "M line (above 0: below the PCL)",
    "levator_plate_to_pcl": "levator plate to the PCL",
    "levator_plate_to_horizontal": "levator plate to the horizontal",
    "anorectal_angle": "anorectal angle",
    "hiatus_area": "area of the hiatus",
}
_HEIGHT: Mapping[str, str] = {
    "straight": "height above the anal verge (straight)",
    "two_segment": "height above the anal verge (two segments)",
    "curved": "height above the anal verge (along the wall)",
    "lower_edge_above_junction": "lower edge above the anorectal junction",
    "nearest_to_junction": "nearest point to the anorectal junction",
    "lower_edge_above_pcl": "lower edge above the PCL",
}
_UNITS = {"mm2": "mm²", "mm3": "mm³", "deg": "°", "1": ""}
_AXES = ("contact", "displacement", "invasion")
_SIDES = {"L": "left", "R": "right", "midline": "midline"}


def relation(measured: VisitRelation, as_json: bool) -> None:
    """Print what one visit says about tumour and levator ani."""
    held = measured.to_json()
    if as_json:
        show.print_json(held)
        return
    console = show.open_console()
    for note in held["notes"]:
        console.print(note, soft_wrap=True)
    for one in held["relations"]:
        title = f"Tumour and levator ani, {_SIDES[one['side']]} (contact: within {one['tau_mm']:.2g} mm)"
        _say_words(console, one)
        _say_table(console, title, _RELATION, one)
        _say_suggestion(console, one)
    _say_table(console, "Pelvic floor (M11)", _LINES, held["pelvic_lines"])
    _say_table(console, "Height of the tumour", _HEIGHT, held["height"], thirds=held["height"]["third"])
    for side, report in held["levators"].items():
        error = report["error_rms"]["value"]
        words = "unknown" if error is None else f"{error:.1f} mm"
        console.print(
            f"{_SIDES[side].capitalize()} levator ani from {report['n_strokes']} strokes; error about "
            f"{words}; thickness from {report['thickness_source']}."
        )
        for warning in report["warnings"]:
            console.print(f"  {warning}", soft_wrap=True)
    for note in dict.fromkeys(note for one in held["relations"] for note in one["notes"]):
        console.print(f"  {note}", soft_wrap=True)
    console.print(show.RESEARCH_USE_ONLY)


def change(compared: VisitChange) -> None:
    """Print what became of tumour and levator ani between two visits."""
    held = compared.to_json()
    console = show.open_console()
    rows = [
        (_SIDES[side], axis, *(said or "not asked" for said in pair))
        for side, axes in held["words"].items()
        for axis, pair in axes.items()
    ]
    if rows:
        console.print(show.table("The reader's words", ("side", "", "before", "after"), rows))
    for one in held["pre"]["relations"]:
        other = next((entry for entry in held["post"]["relations"] if entry["side"] == one["side"]), None)
        if other is not None:
            title = f"Tumour and levator ani, {_SIDES[one['side']]}, before and after"
            _say_change(console, title, _RELATION, one, other, held["changes"][one["side"]])
    parts = (
        ("Pelvic floor (M11), before and after", _LINES, "pelvic_lines"),
        ("Height of the tumour, before and after", _HEIGHT, "height"),
    )
    for title, names, part in parts:
        _say_change(console, title, names, held["pre"][part], held["post"][part], held[f"{part}_change"])
    if held["levator_shift"]:
        _say_shift(console, _own_shifts(held["levator_shift"]), held["registration"])
    if held["no_registration"] is not None:
        console.print(f"  M10 was not measured: {held['no_registration']}", soft_wrap=True)
    for note in dict.fromkeys((*held["pre"]["notes"], *held["post"]["notes"])):
        console.print(f"  {note}", soft_wrap=True)
    console.print(show.RESEARCH_USE_ONLY)


def _say_words(console: Console, one: Mapping[str, Any]) -> None:
    said = one["reader_codes"]
    if said is None:
        console.print("The reader's own call was not given.")
        return
    words = ", ".join(f"{axis} {said[axis] or 'not asked'}" for axis in _AXES)
    components = said.get("components")
    muscles = f" ({', '.join(components)})" if components else ""
    console.print(f"Reader {said['reader']}: {words}{muscles}.", soft_wrap=True)


def _say_suggestion(console: Console, one: Mapping[str, Any]) -> None:
    suggestion = one["suggestion"]
    if suggestion is None:
        console.print(f"  {one['no_suggestion']}", soft_wrap=True)
        return
    for axis in ("contact", "displacement"):
        held = suggestion[axis]
        if held["word"] is None:
            console.print(f"  {axis}: the numbers suggest no word, {held['reason']}", soft_wrap=True)
            continue
        because = "; ".join(
            f"{_RELATION.get(e['metric'], e['metric'])} {e['value']:.2f} {e['comparison']} "
            f"{e['threshold']:g} {e['unit']}"
            for e in held["evidence"]
        )
        own = suggestion["own_call"][axis]
        agrees = "as the reader" if own == held["word"] else f"the reader said {own}"
        console.print(f"  {axis}: the numbers suggest {held['word']} ({agrees}): {because}", soft_wrap=True)
        for note in held["notes"]:
            console.print(f"    {note}", soft_wrap=True)
    console.print("  The reader's words stand; suggestions are advice, and there is none for invasion.")


def _say_table(
    console: Console,
    title: str,
    names: Mapping[str, str],
    metrics: Metrics,
    thirds: Mapping[str, str | None] | None = None,
) -> None:
    rows = []
    for name, words in names.items():
        metric = metrics[name]
        if metric["value"] is None:
            continue
        remarks = [*metric["notes"]]
        if metric["low"] is not None and metric["high"] is not None:
            remarks.insert(0, f"{_number(metric['low'])} to {_number(metric['high'])}")
        if thirds and thirds.get(name):
            remarks.insert(0, f"{thirds[name]} third")
        rows.append((words, _number(metric["value"]), _unit(metric), "; ".join(remarks)))
    if rows:
        console.print(show.table(title, ("", "value", "unit", ""), rows))
    _say_missing(console, names, metrics)


def _say_change(
    console: Console,
    title: str,
    names: Mapping[str, str],
    before: Metrics,
    after: Metrics,
    changes: Metrics,
) -> None:
    rows = []
    for name, words in names.items():
        one, other, moved = before[name], after[name], changes.get(name)
        if one["value"] is None and other["value"] is None:
            continue
        digits = 2 if one["unit"] == "1" else 1
        told = (
            "–"
            if moved is None or moved["value"] is None
            else f"{round(moved['value'], digits) + 0.0:+.{digits}f}"
        )
        rows.append((words, _number(one["value"]), _number(other["value"]), told, _unit(one)))
    if rows:
        console.print(show.table(title, ("", "before", "after", "change", "unit"), rows))
    _say_missing(console, names, changes)


def _own_shifts(by_scene: Mapping[str, Mapping[str, Metrics]]) -> dict[str, Metrics]:
    """Return each levator's shift as seen from the tumour on its own side, where there is one."""
    any_scene = next(iter(by_scene.values()))
    return {side: by_scene.get(side, any_scene)[side] for side in any_scene}


def _say_shift(console: Console, shifts: Mapping[str, Metrics], registration: Mapping[str, Any]) -> None:
    titles = {"in_contact": "in contact", "overall": "overall", "largest": "largest"}
    rows = []
    for side, held in shifts.items():
        for name, words in titles.items():
            metric = held[name]
            if metric["value"] is not None:
                remarks = "; ".join(metric["notes"])
                rows.append(
                    (f"{_SIDES[side]} levator ani, {words}", f"{metric['value']:+.1f}", "mm", remarks)
                )
    bound = registration["error_95_mm"]
    words = "unknown" if bound is None else f"{bound:.1f} mm in 95 of 100"
    title = f"M10 shift, above 0 laterally and caudally (registration error at most {words})"
    if rows:
        console.print(show.table(title, ("", "shift", "unit", ""), rows))
    for side, held in shifts.items():
        _say_missing(console, {n: f"M10 {_SIDES[side]}, {w}" for n, w in titles.items()}, held)


def _say_missing(console: Console, names: Mapping[str, str], metrics: Metrics) -> None:
    """Say every reason once, with all that it takes away."""
    lost: dict[str, list[str]] = {}
    for name, words in names.items():
        metric = metrics.get(name)
        if metric is not None and metric["reason"] is not None:
            lost.setdefault(metric["reason"], []).append(words)
    for reason, titles in lost.items():
        console.print(f"  Not measured: {'; '.join(titles)}. Why: {reason}", soft_wrap=True)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    places = 0 if abs(value) >= 1000 else 2 if abs(value) < 1 else 1
    # Rounded once; adding 0 makes -0 a 0.
    return f"{round(value, places) + 0.0:.{places}f}"


def _unit(metric: Mapping[str, Any]) -> str:
    unit = str(metric["unit"])
    return _UNITS.get(unit, unit)
