"""Long tables -> `analysis_patient`: one row per included patient, every column by a stated rule.

The rules stand in the descriptions of the columns (`spec_analysis.py`) and in the data dictionary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gist_imaging.cohort.binary_calls import call_columns, calls_by_place
from gist_imaging.cohort.clock import PRESURGERY
from gist_imaging.cohort.lines import Line, Read, accepted_lines, visits_after_surgery
from gist_imaging.cohort.pairs import FAILED, NOT_DONE, density_columns, paired_columns
from gist_imaging.cohort.records import RELATION_STAGE
from gist_imaging.response.best import BestOptions, best_overall_response
from gist_imaging.response.change import Category, Query

__all__ = ["analysis_rows"]

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

_CRITERIA = (("recist", "recist11"), ("choi", "choi"), ("volume", "volume_sphere_recist"))


@dataclass(frozen=True, slots=True)
class _Tables:
    """What the rows of all patients are looked up in.

    Parameters
    ----------
    responses : by visit, reader, kind of image and criterion
    failed : lesion, visit and reader of everything that failed
    late : visits after surgery
    calls : the readers' words by table, lesion, visit and reader
    """

    visits: Mapping[str, Row] = field(hash=False)
    reader_kinds: Mapping[str, str] = field(hash=False)
    responses: Mapping[tuple[str, ...], Row] = field(hash=False)
    failed: frozenset[tuple[str, ...]]
    late: frozenset[str]
    calls: Mapping[tuple[str, str, str | None, str], list[Row]] = field(hash=False)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Which reads stand for a patient, and why."""

    reader_id: str
    rule: str
    line: Line
    post: str | None


def analysis_rows(rows: Rows, primary_reader: str | None) -> list[Row]:
    """Return the rows of `analysis_patient`.

    Parameters
    ----------
    primary_reader : whose reads are shown where there is no consensus; None: the first in order of ids
    """
    lines: dict[str, list[Line]] = defaultdict(list)
    for line in accepted_lines(rows):
        lines[line.patient_id].append(line)
    lesions: dict[str, list[Row]] = defaultdict(list)
    for row in rows["lesions"]:
        lesions[row["patient_id"]].append(row)
    held = _Tables(
        {row["timepoint_id"]: row for row in rows["timepoints"]},
        {row["reader_id"]: row["kind"] for row in rows["readers"]},
        {
            (row["timepoint_id"], row["reader_id"], row["image_kind"], row["criterion"]): row
            for row in rows["responses"]
        },
        frozenset(
            (row["lesion_id"], row["timepoint_id"], row["reader_id"])
            for row in rows["failures"]
            if row["stage"] != RELATION_STAGE
        ),
        visits_after_surgery(rows),
        calls_by_place(rows),
    )
    return [
        _analysis_row(
            patient, lesions[patient["patient_id"]], lines[patient["patient_id"]], held, primary_reader
        )
        for patient in rows["patients"]
        if patient["included"] and lines[patient["patient_id"]]
    ]


def _analysis_row(
    patient: Row, lesions: Sequence[Row], lines: Sequence[Line], held: _Tables, primary_reader: str | None
) -> Row:
    measured = {lesion for line in lines for reads in line.reads.values() for lesion in reads}
    primary = min(
        (lesion["number"], lesion["lesion_id"]) for lesion in lesions if lesion["lesion_id"] in measured
    )[1]
    shown = _shown(primary, lines, held, primary_reader)
    line = shown.line
    pre = line.reads.get(line.baseline, {}).get(primary)
    post = line.reads[shown.post][primary] if shown.post else None
    has_failed = (primary, line.baseline, shown.reader_id) in held.failed
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
        "image_kind": line.image_kind,
        "lesion_id": primary,
        "pre_timepoint_id": line.baseline,
        "post_timepoint_id": shown.post,
        "days_pre_to_post": _days(pre, post),
        **paired_columns(pre, post, FAILED if has_failed else NOT_DONE),
        **density_columns(pre, post),
        **call_columns(held.calls, primary, line.baseline, shown.post, shown.reader_id),
    }
    before_surgery = row["ld_pre_mm"] if line.baseline not in held.late else None
    by_arm = {"neoadjuvant": row["ld_post_mm"], "upfront_surgery": before_surgery}
    row["size_at_surgery_mm"] = by_arm.get(patient["arm"])
    for short, criterion in _CRITERIA:
        keys = {visit: (visit, shown.reader_id, line.image_kind, criterion) for visit in line.follow_ups}
        found = [
            held.responses[key]
            for visit, key in keys.items()
            if visit not in held.late and key in held.responses
        ]
        at_post = held.responses.get(keys[shown.post]) if shown.post else None
        row[f"{short}_post"] = None if at_post is None else at_post["overall_response"]
        row[f"{short}_best"] = _best(
            line, criterion, found, held.visits, from_day_0=patient["t0_event"] == "imatinib_start"
        )
    return row


def _shown(primary: str, lines: Sequence[Line], held: _Tables, primary_reader: str | None) -> _Shown:
    """Choose reader, kind of image and visits by the rules of the columns."""
    with_it = [line for line in lines if any(primary in reads for reads in line.reads.values())]
    readers = sorted({line.reader_id for line in with_it})
    consensus = [reader for reader in readers if held.reader_kinds.get(reader) == "consensus"]
    if consensus:
        reader, rule = consensus[0], "consensus"
    elif primary_reader in readers:
        reader, rule = str(primary_reader), "primary_reader"
    else:
        reader, rule = readers[0], "primary_reader" if primary_reader is None else "first_reader"

    def visits_with_it(line: Line) -> list[str]:
        return [visit for visit, reads in line.reads.items() if primary in reads]

    def rank(line: Line) -> tuple[Any, ...]:
        read_at = visits_with_it(line)
        return (line.baseline not in read_at, -len(read_at), line.image_kind != "CT", line.image_kind)

    line = min((line for line in with_it if line.reader_id == reader), key=rank)
    later = [visit for visit in visits_with_it(line) if visit in line.follow_ups and visit not in held.late]
    labelled = [visit for visit in later if held.visits[visit]["label"] == PRESURGERY]
    chosen = labelled or later
    return _Shown(reader, rule, line, chosen[-1] if chosen else None)


def _days(pre: Read | None, post: Read | None) -> int | None:
    if pre is None or post is None or None in (pre.series["scan_day"], post.series["scan_day"]):
        return None
    return int(post.series["scan_day"] - pre.series["scan_day"])


def _best(
    line: Line,
    criterion: str,
    found: Sequence[Row],
    visits: Mapping[str, Row],
    *,
    from_day_0: bool,
) -> str | None:
    """Return the best overall response without confirmation; None where no follow-up was judged.

    SD counts from 6 weeks on, and at once where the days are not known. A CR that is followed by PR is NE.

    Parameters
    ----------
    found : rows of `responses` of the visits before surgery, in time order
    from_day_0 : count time from day 0, as that is the start of imatinib; else from the baseline visit
    """
    if not found:
        return None
    if any(row["query"] == Query.PR_AFTER_CR for row in found):
        return str(Category.NE)
    categories = [Category(row["overall_response"]) for row in found]
    days = [visits[row["timepoint_id"]]["scan_day"] for row in found]
    start = visits[line.baseline]["scan_day"]
    if start is None or None in days:
        course = list(enumerate(categories))
        return str(best_overall_response(course, criterion, BestOptions(sd_min_days=0)).category)
    origin = 0 if from_day_0 else start
    course = [(day - origin, category) for day, category in zip(days, categories, strict=True)]
    return str(best_overall_response(course, criterion).category)
