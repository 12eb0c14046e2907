"""The table of what became of tumour, levator ani and pelvic floor since the baseline."""

from __future__ import annotations

from gist_imaging.cohort.spec import Column, ForeignKey, Table
from gist_imaging.cohort.spec_acquired import HEX16, IMAGE_KIND, LESION, LOCAL, PATIENT, TIMEPOINT

__all__ = ["RELATION_CHANGES"]

RELATION_CHANGES = Table(
    "relation_changes",
    "One row per follow-up visit and number of the pelvis but levator_signal_ratio: its change from the "
    "baseline, by one reader on one kind of image. M10, the shift of the muscle between registered scans, is "
    "not among them: `gist-imaging compare` tells it.",
    ("change_id",),
    (
        Column(
            "change_id",
            "string",
            "first 16 hex digits of SHA-256 of timepoint_id and inputs",
            required=True,
            pattern=HEX16,
        ),
        Column("patient_id", "string", "whose lesion", required=True, pattern=PATIENT),
        Column("lesion_id", "string", "which lesion", required=True, pattern=LESION),
        Column(
            "baseline_timepoint_id",
            "string",
            "the baseline visit (timepoints.is_baseline)",
            required=True,
            pattern=TIMEPOINT,
        ),
        Column("timepoint_id", "string", "which follow-up visit", required=True, pattern=TIMEPOINT),
        Column("reader_id", "string", "whose accepted reads", required=True, pattern=LOCAL),
        Column(
            "image_kind",
            "string",
            "images compared: modality, or modality:sequence",
            required=True,
            pattern=IMAGE_KIND,
        ),
        Column("name", "string", "what was measured", codes="measurement", required=True),
        Column("side", "string", "side of the levator ani, the same at both visits", codes="side"),
        Column("unit", "string", "unit of the three numbers", codes="unit", required=True),
        Column("baseline_value", "number", "the number at baseline"),
        Column("value", "number", "the number at this visit"),
        Column("change", "number", "value − baseline_value"),
        Column("status", "string", "whether there is a change", codes="measurement_status", required=True),
        Column(
            "reason",
            "string",
            "why there is none: not_measured_at_baseline, not_measured_at_this_visit, "
            "not_measured_at_both_visits, measured_in_another_way (other notes; numbers without a side), "
            "after_surgery",
            pattern=r"[A-Za-z][A-Za-z0-9_]{0,63}",
        ),
        Column(
            "inputs",
            "string",
            "measurement_ids compared, the baseline's first, joined by ;",
            required=True,
            pattern=rf"{HEX16}(;{HEX16})?",
        ),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("lesion_id",), "lesions", ("lesion_id",)),
        ForeignKey(("baseline_timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("reader_id",), "readers", ("reader_id",)),
    ),
)
