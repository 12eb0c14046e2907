"""Long tables -> `analysis_patient`: one row per included patient, every column by a stated rule.

The rules stand in the descriptions of the columns (`spec_results.py`) and in the data dictionary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gist_imaging.cohort.lines import Line, Read, accepted_lines, voxel_change_pct
from gist_imaging.response.best import BestOptions, best_overall_response
from gist_imaging.response.change import Category

__all__ = ["analysis_rows"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

PRESURGERY = "presurgery"
"""Label of the visit before the operation."""

_PAIRED = (
    ("ld", "_mm", "longest_axial_diameter"),
    ("vol", "_ml", "volume"),
    ("hu", "", "mean_hu"),
)
_CRITERIA = (("recist", "recist11"), ("choi", "choi"), ("volume", "volume_sphere_recist"))
_NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True)
class _Shown:
    """Which reads stand for a patient, and why."""

    reader_id: str
    rule: str
    line: Line
    pre: str
    post: str | None


def analysis_rows(rows: Rows, primary_reader: str | None) -> list[Row]:
    """Return the rows of `analysis_patient`.

    Parameters
    ----------
    primary_reader : whose reads are shown where there is no consensus; None: the first in order of ids
    """
    visits = {row["timepoint_id"]: row for row in rows["timepoints"]}
    lines: dict[str, list[Line]] = defaultdict(list)
    for line in accepted_lines(rows):
        lines[line.patient_id].append(line)
    lesions: dict[str, list[Row]] = defaultdict(list)
    for row in rows["lesions"]:
        lesions[row["patient_id"]].append(row)
    categories = {
        (row["timepoint_id"], row["reader_id"], row["image_kind"], row["criterion"]): row["overall_response"]
        for row in rows["responses"]
    }
    kinds = {row["reader_id"]: row["kind"] for row in rows["readers"]}
    return [
        _analysis_row(
            patient,
            lesions[patient["patient_id"]],
            lines[patient["patient_id"]],
            visits,
            kinds,
            categories,
            primary_reader,
        )
        for patient in rows["patients"]
        if patient["included"] and lines[patient["patient_id"]]
    ]


def _analysis_row(
    patient: Row,
    lesions: Sequence[Row],
    lines: Sequence[Line],
    visits: Mapping[str, Row],
    kinds: Mapping[str, str],
    categories: Mapping[tuple[Any, ...], str],
    primary_reader: str | None,
) -> Row:
    measured = {lesion for line in lines for reads in line.reads.values() for lesion in reads}
    primary = min(
        (lesion["number"], lesion["lesion_id"]) for lesion in lesions if lesion["lesion_id"] in measured
    )[1]
    shown = _shown(patient, primary, lines, visits, kinds, primary_reader)
    pre = shown.line.reads[shown.pre][primary]
    post = shown.line.reads[shown.post][primary] if shown.post else None
    row: Row = {
        "patient_id": patient["patient_id"],
        "arm": patient["arm"],
        "neoadjuvant": None if patient["arm"] == "not_recorded" else patient["arm"] == "neoadjuvant",
        "age_years": patient["age_years"],
        "sex": patient["sex"],
        "n_lesions": len(lesions),
        "n_timepoints": len({visit for line in lines for visit in line.reads}),
        "reader_id": shown.reader_id,
        "reader_rule": shown.rule,
        "image_kind": shown.line.image_kind,
        "lesion_id": primary,
        "pre_timepoint_id": shown.pre,
        "post_timepoint_id": shown.post,
        "days_pre_to_post": _days(visits[shown.pre], visits[shown.post]) if shown.post else None,
    }
    for prefix, suffix, name in _PAIRED:
        row |= _pair(prefix, suffix, name, pre, post)
    by_arm = {"neoadjuvant": row["ld_post_mm"], "upfront_surgery": row["ld_pre_mm"]}
    row["size_at_surgery_mm"] = by_arm.get(patient["arm"])
    for short, criterion in _CRITERIA:
        found = [
            (visit, category)
            for visit in shown.line.reads
            if (category := categories.get((visit, shown.reader_id, shown.line.image_kind, criterion)))
        ]
        row[f"{short}_post"] = dict(found).get(shown.post or "")
        row[f"{short}_best"] = _best(
            shown.line, criterion, found, visits, from_day_0=patient["t0_event"] == "imatinib_start"
        )
    return row


def _shown(
    patient: Row,
    primary: str,
    lines: Sequence[Line],
    visits: Mapping[str, Row],
    kinds: Mapping[str, str],
    primary_reader: str | None,
) -> _Shown:
    """Choose reader, kind of image and visits by the rules of the columns."""
    with_it = [line for line in lines if any(primary in reads for reads in line.reads.values())]
    readers = sorted({line.reader_id for line in with_it})
    consensus = [reader for reader in readers if kinds.get(reader) == "consensus"]
    if consensus:
        reader, rule = consensus[0], "consensus"
    elif primary_reader in readers:
        reader, rule = str(primary_reader), "primary_reader"
    else:
        reader, rule = readers[0], "primary_reader" if primary_reader is None else "first_reader"

    def visits_with_it(line: Line) -> list[str]:
        return [visit for visit, reads in line.reads.items() if primary in reads]

    line = min(
        (line for line in with_it if line.reader_id == reader),
        key=lambda line: (-len(visits_with_it(line)), line.image_kind != "CT", line.image_kind),
    )
    read_at = visits_with_it(line)
    pre = line.baseline if line.baseline in read_at else read_at[0]
    later = [visit for visit in read_at if visits[visit]["order"] > visits[pre]["order"]]
    surgery = patient["surgery_day"]
    before_surgery = [
        visit
        for visit in later
        if surgery is None or visits[visit]["scan_day"] is None or visits[visit]["scan_day"] <= surgery
    ]
    labelled = [visit for visit in later if visits[visit]["label"] == PRESURGERY]
    chosen = labelled or before_surgery
    return _Shown(reader, rule, line, pre, chosen[-1] if chosen else None)


def _days(pre: Row, post: Row) -> int | None:
    if pre["scan_day"] is None or post["scan_day"] is None:
        return None
    return int(post["scan_day"] - pre["scan_day"])


def _pair(prefix: str, suffix: str, name: str, pre: Read, post: Read | None) -> Row:
    before, after = pre.value(name), post.value(name) if post else None
    change = 100.0 * (after - before) / before if before and after is not None else None
    if name == "volume" and change is None and post is not None:
        change = voxel_change_pct([pre], [post])
    return {
        f"{prefix}_pre{suffix}": before,
        f"{prefix}_post{suffix}": after,
        f"{prefix}_change_pct": change,
        f"{prefix}_pre_status": pre.status(name),
        f"{prefix}_post_status": post.status(name) if post else _NOT_DONE,
    }


def _best(
    line: Line,
    criterion: str,
    found: Sequence[tuple[str, str]],
    visits: Mapping[str, Row],
    *,
    from_day_0: bool,
) -> str | None:
    """Return the best overall response without confirmation; None where no follow-up was judged.

    SD counts from 6 weeks on, and at once where the days are not known.

    Parameters
    ----------
    from_day_0 : count time from day 0, as that is the start of imatinib; else from the baseline visit
    """
    if not found:
        return None
    days = [visits[visit]["scan_day"] for visit, _ in found]
    start = visits[line.baseline]["scan_day"]
    if start is None or None in days:
        course = [(number, Category(category)) for number, (_, category) in enumerate(found)]
        return str(best_overall_response(course, criterion, BestOptions(sd_min_days=0)).category)
    origin = 0 if from_day_0 else start
    course = [(day - origin, Category(category)) for day, (_, category) in zip(days, found, strict=True)]
    return str(best_overall_response(course, criterion).category)
