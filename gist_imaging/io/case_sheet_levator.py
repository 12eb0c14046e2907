"""The reader's words on levator ani and pelvis, and the metrics beside them, as rows of a case sheet."""

from __future__ import annotations

from gist_imaging.anatomy.metric import Metric
from gist_imaging.io.case_sheet_values import SheetLesion
from gist_imaging.io.case_sheet_words import MM3_PER_ML, NOTHING, Row, plain, worded

__all__ = ["calls_rows", "findings_lines", "metric_rows"]

_METRICS = (
    ("min_distance", "M1 smallest distance"),
    ("distance_p5", "M1 5th percentile"),
    ("contact_area", "M2 contact area"),
    ("contact_length", "M2 contact length"),
    ("contact_arc", "M2 contact arc"),
    ("displacement_p95", "M3 displacement p95"),
    ("displaced_volume", "M3 displaced volume"),
    ("bow", "M4 bow"),
    ("levator_angle", "M5 levator angle"),
    ("hemi_hiatus_ratio", "M6 hemi-hiatus ratio"),
    ("thickness_ratio", "M7 thickness ratio"),
    ("fossa_loss", "M8 fossa loss"),
    ("signal_ratio", "M9 signal ratio"),
)
# Unit of a metric to the unit that is shown, the factor and the decimals.
_UNITS = {
    "mm": ("mm", 1.0, 1),
    "mm2": ("mm²", 1.0, 0),
    "mm3": ("mL", 1 / MM3_PER_ML, 2),
    "deg": ("°", 1.0, 0),
    "1": ("", 1.0, 2),
}
# Two sides are a long table; these stand in the cohort, beside what is shown of the same metric.
_LEFT_OUT_OF_TWO_SIDES = ("distance_p5", "contact_length", "displaced_volume")
_SIDES = {"R": "right", "L": "left", "midline": "midline"}


def calls_rows(lesion: SheetLesion) -> list[Row]:
    """Return the reader's words on the levator ani: side, visit, contact, displacement, invasion, muscles."""
    rows = []
    for side, word in _SIDES.items():
        for tag, visit in (("PRE", lesion.pre), ("POST", lesion.post)):
            call = next((held for held in visit.calls if held.side.value == side), None)
            if call is None:
                continue
            said = [getattr(call, axis) for axis in ("contact", "displacement", "invasion")]
            muscles = sorted(one.value for one in call.components) if call.components is not None else None
            cells = ["not asked" if one is None else worded(one.value) for one in said]
            rows.append(
                Row(
                    (
                        f"{word} {tag}",
                        *cells,
                        NOTHING if muscles is None else ", ".join(muscles) or "none named",
                    )
                )
            )
    return rows


def findings_lines(lesion: SheetLesion) -> list[str]:
    """Return sphincter, height and organs as the reader called them, one line a visit."""
    lines = []
    for tag, visit in (("PRE", lesion.pre), ("POST", lesion.post)):
        held = visit.findings
        if held is None:
            continue
        parts = []
        if held.sphincter_depth is not None:
            third = f", lowest third {held.sphincter_lowest_third}" if held.sphincter_lowest_third else ""
            parts.append(f"sphincter {worded(held.sphincter_depth.value)}{third}")
        if held.distance_anal_verge_mm is not None and held.dav_method is not None:
            method = worded(held.dav_method.value)
            parts.append(f"anal verge {plain(held.distance_anal_verge_mm)} mm ({method})")
        if held.height_class is not None:
            parts.append(f"height {held.height_class} ({held.height_rule})")
        parts += [f"{worded(organ.value)}: {worded(said.value)}" for organ, said in held.organs]
        for name in ("peritoneal_reflection", "image_quality", "confidence"):
            if (said := getattr(held, name)) is not None:
                parts.append(f"{worded(name)} {worded(said.value)}")
        if parts:
            lines.append(f"{tag}: " + "; ".join(parts))
    return lines


def metric_rows(lesion: SheetLesion) -> tuple[list[Row], list[str]]:
    """Return M1 to M9 of each side that was measured (what, before, after), and why some are missing."""
    rows: list[Row] = []
    missing: dict[str, list[str]] = {}
    measured = [side for side in _SIDES if side in lesion.pre.metrics or side in lesion.post.metrics]
    for side in measured:
        word = _SIDES[side]
        pre, post = lesion.pre.metrics.get(side), lesion.post.metrics.get(side)
        rows.append(Row((f"{word} side", "PRE", "POST"), bold=True))
        for name, title in _METRICS:
            if len(measured) > 1 and name in _LEFT_OUT_OF_TWO_SIDES:
                continue
            held = [(tag, (of or {}).get(name)) for tag, of in (("PRE", pre), ("POST", post))]
            if any(metric is not None and metric.value is not None for _, metric in held):
                unit = _UNITS[next(metric.unit for _, metric in held if metric is not None)][0]
                cells = (f"{title}, {unit}" if unit else title, *(_metric(metric) for _, metric in held))
                rows.append(Row(cells))
            for tag, metric in held:
                if metric is not None and metric.reason is not None:
                    missing.setdefault(f"{word} {tag}: {metric.reason}", []).append(title.split()[0])
    lines = []
    for reason, names in missing.items():
        where, _, why = reason.partition(": ")
        lines.append(f"{where}: {', '.join(dict.fromkeys(names))} not measured: {why}")
    return rows, lines


def _metric(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return NOTHING
    _, factor, decimals = _UNITS[metric.unit]
    value = plain(metric.value * factor, decimals)
    if metric.low is None or metric.high is None:
        return value
    return f"{value} ({plain(metric.low * factor, decimals)} to {plain(metric.high * factor, decimals)})"
