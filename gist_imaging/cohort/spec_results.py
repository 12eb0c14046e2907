"""The tables of what was measured, how change is judged and what failed."""

from __future__ import annotations

from gist_imaging.cohort.spec import Column, ForeignKey, Table
from gist_imaging.cohort.spec_acquired import (
    HEX16,
    IMAGE_KIND,
    LESION,
    LOCAL,
    PATIENT,
    SERIES,
    SHA256,
    TIMEPOINT,
)
from gist_imaging.cohort.spec_analysis import ANALYSIS_PATIENT
from gist_imaging.cohort.spec_changes import RELATION_CHANGES

__all__ = ["RESULTS"]

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
            "first 16 hex digits of SHA-256 of segmentation_id, name, algorithm_version, params_sha256 and "
            "side, where there is one",
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
        Column("hu_roi", "string", "voxels that the statistic is taken from", codes="hu_roi"),
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
        Column(
            "side",
            "string",
            "side of the levator ani that the number is about; empty for other numbers",
            codes="side",
        ),
        Column("value_low", "number", "lower end of the interval that the stated surface error gives"),
        Column("value_high", "number", "upper end of that interval"),
        Column(
            "notes",
            "string",
            "how a number of the pelvis came about, joined by ;: which landmark stands in for another, which "
            "path or section was taken; or, in words, why it did not",
            words=True,
        ),
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
            "baseline_timepoint_id",
            "string",
            "the baseline visit (timepoints.is_baseline), also where it could not be measured",
            required=True,
            pattern=TIMEPOINT,
        ),
        Column("target_response", "string", "category of the target lesions alone", codes="response"),
        Column("overall_response", "string", "category of this visit alone", codes="response", required=True),
        Column(
            "overall_response_persistent",
            "string",
            "the same, once PR was reached it stays until PD",
            codes="response",
            required=True,
        ),
        Column(
            "new_lesion",
            "boolean",
            "a lesion that was not listed at baseline is outlined at this visit or was before",
            required=True,
        ),
        Column(
            "measurable_at_baseline",
            "boolean",
            "every target was measurable by RECIST 1.1; empty where unknown",
        ),
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
        Column(
            "reason",
            "string",
            "why not evaluable, such as baseline_not_evaluable or after_surgery; required for NE",
            words=True,
        ),
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
    "One row per scan and lesion that could not be measured, with the reason; of stage relation where the "
    "lesion was measured and its relation to the levator ani was not.",
    ("failure_id",),
    (
        Column(
            "failure_id",
            "string",
            "first 16 hex digits of SHA-256 of the row and of how many equal rows stand before it",
            required=True,
            pattern=HEX16,
        ),
        Column("patient_id", "string", "whose scan", required=True, pattern=PATIENT),
        Column("timepoint_id", "string", "at which visit", required=True, pattern=TIMEPOINT),
        Column("lesion_id", "string", "which lesion", required=True, pattern=LESION),
        Column("reader_id", "string", "whose mask", required=True, pattern=LOCAL),
        Column("read_no", "integer", "which read", required=True, minimum=1),
        Column(
            "series_no",
            "integer",
            "which of the images that are listed for this visit, in the order of their names",
            required=True,
            minimum=1,
        ),
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
        Column(
            "coding_scheme",
            "string",
            "Coding Scheme Designator of the one code of a reader's word; 99GISTIMG is private and frozen",
            pattern=r"[0-9A-Za-z]{1,16}",
        ),
        Column("code_value", "string", "Code Value in that scheme", pattern=r"[0-9A-Za-z:-]{1,16}"),
    ),
)


RESULTS = (_MEASUREMENTS, RELATION_CHANGES, _RESPONSES, _FAILURES, _CODELISTS, ANALYSIS_PATIENT)
