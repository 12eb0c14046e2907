"""The wide table that follows from the others: one row per included patient."""

from __future__ import annotations

from gist_imaging.cohort.binary_calls import BINARY_RULES
from gist_imaging.cohort.spec import Column, ForeignKey, Table
from gist_imaging.cohort.spec_acquired import IMAGE_KIND, LESION, LOCAL, PATIENT, TIMEPOINT

__all__ = ["ANALYSIS_PATIENT"]


def _paired(prefix: str, measured: str, unit: str | None) -> tuple[Column, ...]:
    suffix = {"mm": "_mm", "mL": "_ml", None: ""}[None if unit == "HU" else unit]
    return (
        Column(f"{prefix}_pre{suffix}", "number", f"{measured} at pre_timepoint_id", unit),
        Column(
            f"{prefix}_post{suffix}", "number", f"{measured} at post_timepoint_id; empty without it", unit
        ),
        Column(f"{prefix}_change_pct", "number", f"100 × (post − pre) ÷ pre of {measured}", "%"),
        Column(
            f"{prefix}_pre_status",
            "string",
            f"status of {prefix}_pre; failed or not_done where the baseline was not measured",
            codes="measurement_status",
            required=True,
        ),
        Column(
            f"{prefix}_post_status",
            "string",
            f"status of {prefix}_post",
            codes="measurement_status",
            required=True,
        ),
    )


def _called(name: str) -> tuple[Column, ...]:
    return tuple(
        column
        for suffix, visit in (("", "pre_timepoint_id"), ("_post", "post_timepoint_id"))
        for column in (
            Column(
                f"{name}{suffix}", "boolean", f"by reader_id of lesion_id at {visit}: {BINARY_RULES[name]}"
            ),
            Column(
                f"{name}{suffix}_status",
                "string",
                f"whether {name}{suffix} was called, and why not",
                codes="call_status",
                required=True,
            ),
        )
    )


_PRIMARY = "of the primary lesion"
ANALYSIS_PATIENT = Table(
    "analysis_patient",
    "Derived: one row per included patient. Every column follows from the other tables by the rule given.",
    ("patient_id",),
    (
        Column("patient_id", "string", "patients with included = true", required=True, pattern=PATIENT),
        Column("arm", "string", "patients.arm", codes="arm", required=True),
        Column("neoadjuvant", "boolean", "arm is neoadjuvant; empty where arm is not_recorded"),
        Column("age_years", "number", "patients.age_years", "a", minimum=0, maximum=90),
        Column("sex", "string", "patients.sex", codes="sex", required=True),
        Column("n_lesions", "integer", "rows of lesions of the patient", required=True, minimum=1),
        Column("n_timepoints", "integer", "visits with a segmentation", required=True, minimum=1),
        Column(
            "reader_id",
            "string",
            "whose accepted reads are shown: the consensus, else the primary reader, else the first in order",
            required=True,
            pattern=LOCAL,
        ),
        Column(
            "reader_rule", "string", "by which rule the reader was chosen", codes="reader_rule", required=True
        ),
        Column(
            "image_kind",
            "string",
            "images shown: a kind read at baseline before others, then the kind with most visits of the "
            "primary lesion by that reader; at equal number CT before others, then by name",
            required=True,
            pattern=IMAGE_KIND,
        ),
        Column(
            "lesion_id",
            "string",
            "the primary lesion: the lowest number of those that were measured",
            required=True,
            pattern=LESION,
        ),
        Column(
            "pre_timepoint_id",
            "string",
            "the baseline visit (timepoints.is_baseline), whether it could be measured or not",
            required=True,
            pattern=TIMEPOINT,
        ),
        Column(
            "post_timepoint_id",
            "string",
            "the last later visit labelled presurgery with that kind, else the last later one; never a visit "
            "after surgery_day, labelled postop, or after such a visit",
            pattern=TIMEPOINT,
        ),
        Column("days_pre_to_post", "integer", "days between the two series that sizes were measured on", "d"),
        *_paired("ld", f"longest_axial_diameter {_PRIMARY}", "mm"),
        *_paired(
            "vol", f"volume {_PRIMARY} (change from voxel counts where not physical on equal grids)", "mL"
        ),
        *_paired("hu", f"mean_hu {_PRIMARY}", "HU"),
        Column("contrast_phase_pre", "string", "phase that hu_pre was read in", codes="contrast_phase"),
        Column("contrast_phase_post", "string", "phase that hu_post was read in", codes="contrast_phase"),
        Column(
            "hu_change_status",
            "string",
            "status of hu_change_pct: measured only where both phases are known and equal",
            codes="measurement_status",
            required=True,
        ),
        Column("hu_change_reason", "string", "why hu_change_pct is not evaluable", codes="density_reason"),
        Column(
            "size_at_surgery_mm",
            "number",
            "ld_post_mm if arm is neoadjuvant, ld_pre_mm if upfront_surgery and the baseline is not after "
            "surgery, else empty",
            "mm",
            minimum=0,
        ),
        *_called("levator_displaced"),
        *_called("sphincter_invasion"),
        Column(
            "distance_anal_verge_mm",
            "number",
            "pelvic_findings.distance_anal_verge_mm of lesion_id by reader_id at pre_timepoint_id",
            "mm",
            minimum=-60,
            maximum=200,
        ),
        Column("dav_method", "string", "how that distance was measured", codes="dav_method"),
        *(
            Column(
                f"{short}_{which}",
                "string",
                f"overall_response by {criterion}, same reader and image kind, {rule}",
                codes="response",
            )
            for short, criterion in (
                ("recist", "recist11"),
                ("choi", "choi"),
                ("volume", "volume_sphere_recist"),
            )
            for which, rule in (
                ("post", "at post_timepoint_id"),
                (
                    "best",
                    "best of the visits before surgery up to the first PD, unconfirmed; SD from 6 weeks "
                    "after imatinib start (else baseline) on; CR followed by PR is NE",
                ),
            )
        ),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("lesion_id",), "lesions", ("lesion_id",)),
        ForeignKey(("pre_timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("post_timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("reader_id",), "readers", ("reader_id",)),
    ),
)
