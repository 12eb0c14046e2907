"""The tables of what was measured, how change is judged, what failed, and the derived wide table."""

from __future__ import annotations

from gist_imaging.cohort.spec import Column, ForeignKey, Table
from gist_imaging.cohort.spec_acquired import HEX16, LESION, LOCAL, PATIENT, SERIES, SHA256, TIMEPOINT

__all__ = ["RESULTS"]

IMAGE_KIND = rf"[A-Z]{{2}}(:{LOCAL})?"
REASON = r"[A-Za-z][A-Za-z0-9_]{0,63}"
"""A reason is one word, such as geometry_not_physical."""

_END_POINTS = tuple(
    Column(
        f"end{end}_{axis}_mm",
        "number",
        f"end point {end} of a diameter, LPS {axis}, frame of the series",
        "mm",
    )
    for end in (1, 2)
    for axis in "xyz"
)

_MEASUREMENTS = Table(
    "measurements",
    "The long table: one row per number.",
    ("measurement_id",),
    (
        Column(
            "measurement_id",
            "string",
            "first 16 hex digits of SHA-256 of segmentation_id, name, algorithm_version and params_sha256",
            required=True,
            pattern=HEX16,
        ),
        Column("patient_id", "string", "whose lesion", required=True, pattern=PATIENT),
        Column("lesion_id", "string", "which lesion", required=True, pattern=LESION),
        Column("timepoint_id", "string", "at which visit", required=True, pattern=TIMEPOINT),
        Column("series_id", "string", "on which series", required=True, pattern=SERIES),
        Column("reader_id", "string", "by whom", required=True, pattern=LOCAL),
        Column("segmentation_id", "string", "from which mask", required=True, pattern=HEX16),
        Column("name", "string", "what was measured", codes="measurement", required=True),
        Column("quantity", "string", "of which voxel values; empty for sizes", codes="quantity"),
        Column("value", "number", "the number, at full precision; empty unless measured or absent"),
        Column("unit", "string", "unit of value; one per name and quantity", codes="unit", required=True),
        Column("status", "string", "whether there is a value", codes="measurement_status", required=True),
        Column("reason", "string", "why there is no value; required unless measured", pattern=REASON),
        Column("plane", "string", "plane of a diameter", codes="plane"),
        Column(
            "plane_tilt_deg",
            "number",
            "tilt of that plane out of the standard one",
            "deg",
            minimum=0,
            maximum=90,
        ),
        *_END_POINTS,
        Column("uncertainty", "number", "uncertainty of value, in unit", minimum=0),
        Column("uncertainty_kind", "string", "what the uncertainty is", codes="uncertainty_kind"),
        Column("voxel_volume_ml", "number", "voxel volume, to redo the volume by n_voxels", "mL", minimum=0),
        Column(
            "override_reason",
            "string",
            "geometry errors that a reader took the responsibility for, as CODE: reason, joined by ;",
            words=True,
        ),
        Column("software", "string", "program", required=True, pattern=LOCAL),
        Column("software_version", "string", "its version", required=True, pattern=r"[0-9A-Za-z.+-]{1,40}"),
        Column(
            "algorithm_version",
            "string",
            "version of the definitions",
            required=True,
            pattern=r"[0-9A-Za-z.-]{1,40}",
        ),
        Column("params_sha256", "string", "SHA-256 of the parameters", required=True, pattern=SHA256),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("lesion_id",), "lesions", ("lesion_id",)),
        ForeignKey(("timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("series_id",), "series", ("series_id",)),
        ForeignKey(("reader_id",), "readers", ("reader_id",)),
        ForeignKey(("segmentation_id",), "segmentations", ("segmentation_id",)),
    ),
)

_RESPONSES = Table(
    "responses",
    "One row per follow-up visit, reader, kind of image and criterion; lesions are summed.",
    ("patient_id", "timepoint_id", "reader_id", "image_kind", "criterion"),
    (
        Column("patient_id", "string", "who", required=True, pattern=PATIENT),
        Column("timepoint_id", "string", "which follow-up visit", required=True, pattern=TIMEPOINT),
        Column("reader_id", "string", "whose measurements", required=True, pattern=LOCAL),
        Column(
            "image_kind",
            "string",
            "images compared: modality, or modality:sequence",
            required=True,
            pattern=IMAGE_KIND,
        ),
        Column("criterion", "string", "by which criterion", codes="criterion", required=True),
        Column(
            "baseline_timepoint_id", "string", "the visit compared with", required=True, pattern=TIMEPOINT
        ),
        Column("overall_response", "string", "category of this visit alone", codes="response", required=True),
        Column(
            "overall_response_persistent",
            "string",
            "the same, once PR was reached it stays until PD",
            codes="response",
            required=True,
        ),
        Column("new_lesion", "boolean", "a lesion that was not there at baseline", required=True),
        Column("sum_value", "number", "sum over lesions of the size that the criterion judges", minimum=0),
        Column(
            "sum_unit",
            "string",
            "unit of sum_value, baseline_value and nadir_value",
            codes="unit",
            required=True,
        ),
        Column("baseline_value", "number", "the sum at baseline", minimum=0),
        Column("nadir_value", "number", "the smallest sum before this visit, baseline included", minimum=0),
        Column(
            "pct_change_baseline",
            "number",
            "100 × (sum − baseline) ÷ baseline; from voxel counts where the geometry is not physical and the "
            "spacing nominally equal (volume criteria only)",
            "%",
            minimum=-100,
        ),
        Column("pct_change_nadir", "number", "100 × (sum − nadir) ÷ nadir", "%", minimum=-100),
        Column("density_value_hu", "number", "mean attenuation (Choi)", "HU"),
        Column("density_baseline_hu", "number", "mean attenuation at baseline (Choi)", "HU"),
        Column("density_change_pct", "number", "change of mean attenuation from baseline (Choi)", "%"),
        Column("rule", "string", "the rule that fired", words=True),
        Column("reason", "string", "why not evaluable; required for NE", words=True),
        Column("query", "string", "what a reviewer should look at, such as PR_AFTER_CR", pattern=r"[A-Z_]+"),
        Column(
            "rule_version", "string", "version of the rules", required=True, pattern=r"[0-9A-Za-z._-]{1,40}"
        ),
        Column("inputs", "string", "measurement_ids used, joined by ;", pattern=rf"{HEX16}(;{HEX16})*"),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("baseline_timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("reader_id",), "readers", ("reader_id",)),
    ),
)

_FAILURES = Table(
    "failures",
    "One row per scan and lesion that could not be measured, with the reason.",
    ("failure_id",),
    (
        Column(
            "failure_id", "string", "first 16 hex digits of SHA-256 of the row", required=True, pattern=HEX16
        ),
        Column("patient_id", "string", "whose scan", required=True, pattern=PATIENT),
        Column("timepoint_id", "string", "at which visit", required=True, pattern=TIMEPOINT),
        Column("lesion_id", "string", "which lesion", required=True, pattern=LESION),
        Column("reader_id", "string", "whose mask", required=True, pattern=LOCAL),
        Column("read_no", "integer", "which read", required=True, minimum=1),
        Column("modality", "string", "modality, where it became known", codes="modality"),
        Column("stage", "string", "what was being done", codes="stage", required=True),
        Column("code", "string", "frozen problem code", required=True, pattern=r"[A-Z][A-Z0-9_]{1,63}"),
        Column(
            "message", "string", "what was expected, what was found, what to do", required=True, words=True
        ),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("lesion_id",), "lesions", ("lesion_id",)),
        ForeignKey(("reader_id",), "readers", ("reader_id",)),
    ),
)

_CODELISTS = Table(
    "codelists",
    "Every word that a column bound to a list may hold.",
    ("list", "code"),
    (
        Column("list", "string", "name of the list", required=True, pattern=r"[a-z0-9_]+"),
        Column("code", "string", "the word", required=True, pattern=r"[0-9A-Za-z_./ -]+"),
        Column("description", "string", "its meaning", required=True),
        Column("unit", "string", "unit of a measured name, where it has one unit", codes="unit"),
    ),
)


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
            f"status of {prefix}_pre",
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


_PRIMARY = "of the primary lesion"
_ANALYSIS_PATIENT = Table(
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
            "images shown: the kind with most visits of the primary lesion by that reader; at equal number "
            "CT before others, then by name",
            required=True,
            pattern=IMAGE_KIND,
        ),
        Column(
            "pre_timepoint_id",
            "string",
            "the baseline visit if the kind was read there, else the first visit with it",
            required=True,
            pattern=TIMEPOINT,
        ),
        Column(
            "post_timepoint_id",
            "string",
            "the last later visit labelled presurgery with that kind, else the last later one not after "
            "surgery_day",
            pattern=TIMEPOINT,
        ),
        Column("days_pre_to_post", "integer", "days between the two visits", "d"),
        *_paired("ld", f"longest_axial_diameter {_PRIMARY}", "mm"),
        *_paired(
            "vol", f"volume {_PRIMARY} (change from voxel counts where not physical on equal grids)", "mL"
        ),
        *_paired("hu", f"mean_hu {_PRIMARY}", "HU"),
        Column(
            "size_at_surgery_mm",
            "number",
            "ld_post_mm if arm is neoadjuvant, ld_pre_mm if upfront_surgery, else empty",
            "mm",
            minimum=0,
        ),
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
                ("best", "best of CR, PR, SD, PD up to the first PD; NE if every visit is"),
            )
        ),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("pre_timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("post_timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("reader_id",), "readers", ("reader_id",)),
    ),
)

RESULTS = (_MEASUREMENTS, _RESPONSES, _FAILURES, _CODELISTS, _ANALYSIS_PATIENT)
