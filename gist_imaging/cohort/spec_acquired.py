"""The tables of who was scanned, when, on which images, and what was outlined by whom."""

from __future__ import annotations

from gist_imaging.cohort.spec import Column, ForeignKey, Table

__all__ = [
    "ACQUIRED",
    "HEX16",
    "IMAGE_KIND",
    "LESION",
    "LOCAL",
    "PATIENT",
    "SERIES",
    "SHA256",
    "TIMEPOINT",
    "UID",
]

PATIENT = r"[A-Z0-9][A-Z0-9_-]{0,31}"
LOCAL = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"
LESION = rf"{PATIENT}/{LOCAL}"
TIMEPOINT = rf"{PATIENT}/{LOCAL}"
SERIES = rf"{TIMEPOINT}/[0-9a-f]{{12}}"
IMAGE_KIND = rf"[A-Z]{{2}}(:{LOCAL})?"
HEX16 = r"[0-9a-f]{16}"
SHA256 = r"[0-9a-f]{64}"
UID = r"[0-9.]{1,64}"
PROBLEM_CODES = r"[A-Z0-9_]+(;[A-Z0-9_]+)*"

_PATIENTS = Table(
    "patients",
    "One row per patient, under a pseudonym.",
    ("patient_id",),
    (
        Column("patient_id", "string", "pseudonym", required=True, pattern=PATIENT),
        Column("centre_id", "string", "centre, as the source names it", pattern=LOCAL),
        Column("arm", "string", "treatment arm", codes="arm", required=True),
        Column("sex", "string", "sex as recorded", codes="sex", required=True),
        Column(
            "age_years",
            "number",
            "age at baseline; 90 and above is written as 90",
            "a",
            minimum=0,
            maximum=90,
        ),
        Column("t0_event", "string", "what day 0 of this patient is", codes="t0_event", required=True),
        Column("imatinib_start_date", "date", "first dose; empty under date_policy relative"),
        Column("imatinib_start_day", "integer", "first dose, days from day 0", "d"),
        Column("surgery_date", "date", "operation; empty under date_policy relative"),
        Column("surgery_day", "integer", "operation, days from day 0", "d"),
        Column("included", "boolean", "whether the patient is in the analysis", required=True),
        Column("exclusion_reason", "string", "why the patient is not", codes="exclusion"),
    ),
)

_TIMEPOINTS = Table(
    "timepoints",
    "One row per visit of a patient.",
    ("timepoint_id",),
    (
        Column("timepoint_id", "string", "patient_id/label", required=True, pattern=TIMEPOINT),
        Column("patient_id", "string", "whose visit", required=True, pattern=PATIENT),
        Column(
            "label",
            "string",
            "name of the visit: baseline, early, tp3m, tp6m, tp9m, tp12m, presurgery, postop, followup, ...",
            required=True,
            pattern=LOCAL,
        ),
        Column(
            "order",
            "integer",
            "1 for the first visit of the patient, 2 for the next, ...",
            required=True,
            minimum=1,
        ),
        Column("scan_date", "date", "first scan of the visit; empty under date_policy relative"),
        Column(
            "scan_day",
            "integer",
            "first scan of the visit, days from day 0; empty where no date is known",
            "d",
        ),
        Column(
            "is_baseline", "boolean", "the visit that change is counted from; one per patient", required=True
        ),
        Column("on_imatinib", "boolean", "whether the patient took imatinib, where stated"),
    ),
    (ForeignKey(("patient_id",), "patients", ("patient_id",)),),
)

_SERIES = Table(
    "series",
    "One row per image series that something was measured on; one visit has many.",
    ("series_id",),
    (
        Column(
            "series_id",
            "string",
            "timepoint_id/first 12 digits of image_sha256",
            required=True,
            pattern=SERIES,
        ),
        Column("patient_id", "string", "who was scanned", required=True, pattern=PATIENT),
        Column("timepoint_id", "string", "at which visit", required=True, pattern=TIMEPOINT),
        Column(
            "scan_day",
            "integer",
            "day of this scan, days from day 0; that of its visit where the source gives none of its own",
            "d",
        ),
        Column("modality", "string", "modality", codes="modality", required=True),
        Column("sequence", "string", "sequence as the source names it, such as T2_ax or ADC", pattern=LOCAL),
        Column(
            "image_kind",
            "string",
            "modality, or modality:sequence; only series of one kind are compared over time",
            required=True,
            pattern=IMAGE_KIND,
        ),
        Column(
            "contrast_phase",
            "string",
            "contrast phase as stated, never guessed",
            codes="contrast_phase",
            required=True,
        ),
        Column("quantity", "string", "what a voxel value means", codes="quantity", required=True),
        Column("study_uid", "string", "Study Instance UID, re-rooted", pattern=UID, uid=True),
        Column("series_uid", "string", "Series Instance UID, re-rooted", pattern=UID, uid=True),
        Column(
            "frame_of_reference_uid", "string", "Frame of Reference UID, re-rooted", pattern=UID, uid=True
        ),
        Column("slices", "integer", "slices", required=True, minimum=1),
        Column("rows", "integer", "rows", required=True, minimum=1),
        Column("columns", "integer", "columns", required=True, minimum=1),
        Column(
            "spacing_x_mm",
            "number",
            "between columns; nominal if not geometry_physical",
            "mm",
            required=True,
            minimum=0,
        ),
        Column(
            "spacing_y_mm",
            "number",
            "between rows; nominal if not geometry_physical",
            "mm",
            required=True,
            minimum=0,
        ),
        Column(
            "spacing_z_mm",
            "number",
            "between slices; nominal if not geometry_physical",
            "mm",
            required=True,
            minimum=0,
        ),
        Column("slice_thickness_mm", "number", "nominal thickness", "mm", minimum=0),
        Column(
            "geometry_physical",
            "boolean",
            "whether the spacing is that of the patient; if not, sizes are not evaluable",
            required=True,
        ),
        Column("field_strength_t", "number", "field strength", "T", minimum=0),
        Column("kvp", "number", "tube voltage, where the scanner states it", "kV", minimum=0),
        Column("kernel", "string", "reconstruction kernel", words=True),
        Column("image_sha256", "string", "SHA-256 of voxel values and grid", required=True, pattern=SHA256),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("timepoint_id",), "timepoints", ("timepoint_id",)),
    ),
)

_LESIONS = Table(
    "lesions",
    "One row per lesion, followed over all visits; a patient may have several.",
    ("lesion_id",),
    (
        Column("lesion_id", "string", "patient_id/name of the lesion", required=True, pattern=LESION),
        Column("patient_id", "string", "whose lesion", required=True, pattern=PATIENT),
        Column("number", "integer", "number within the patient", required=True, minimum=1),
        Column("is_primary", "boolean", "the lesion with the lowest number; one per patient", required=True),
        Column(
            "tracking_uid", "string", "DICOM Tracking Unique Identifier, re-rooted", pattern=UID, uid=True
        ),
        Column(
            "first_seen_timepoint_id",
            "string",
            "first visit at which it is listed",
            required=True,
            pattern=TIMEPOINT,
        ),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("first_seen_timepoint_id",), "timepoints", ("timepoint_id",)),
    ),
)

_READERS = Table(
    "readers",
    "One row per reader: a person, a program or a consensus.",
    ("reader_id",),
    (
        Column("reader_id", "string", "pseudonym such as R1", required=True, pattern=LOCAL),
        Column("kind", "string", "what the reader is", codes="reader_kind", required=True),
    ),
)

_SEGMENTATIONS = Table(
    "segmentations",
    "One row per mask of one lesion on one series by one reader.",
    ("segmentation_id",),
    (
        Column(
            "segmentation_id",
            "string",
            "first 16 hex digits of SHA-256 of lesion, timepoint, series, reader, read number and mask",
            required=True,
            pattern=HEX16,
        ),
        Column("patient_id", "string", "whose lesion", required=True, pattern=PATIENT),
        Column("lesion_id", "string", "which lesion", required=True, pattern=LESION),
        Column("timepoint_id", "string", "at which visit", required=True, pattern=TIMEPOINT),
        Column("series_id", "string", "on which series", required=True, pattern=SERIES),
        Column("reader_id", "string", "by whom", required=True, pattern=LOCAL),
        Column(
            "read_no",
            "integer",
            "1 for the first read of this reader, 2 for the second, ...",
            required=True,
            minimum=1,
        ),
        Column(
            "accepted",
            "boolean",
            "whether sizes are taken from it: the first read, on the thinnest slices of its kind; "
            "one per lesion, visit, reader and image kind",
            required=True,
        ),
        Column(
            "accepted_density",
            "boolean",
            "whether voxel values such as mean_hu are taken from it: a read in the portal venous phase "
            "before others, then by the rule of accepted; one per lesion, visit, reader and image kind",
            required=True,
        ),
        Column("method", "string", "how it was made", codes="mask_method", required=True),
        Column("mask_sha256", "string", "SHA-256 of the mask on its grid", required=True, pattern=SHA256),
        Column("mask_empty", "boolean", "the reader found no lesion", required=True),
        Column(
            "touches_image_border", "boolean", "the lesion may be cut off by the field of view", required=True
        ),
        Column("n_voxels", "integer", "voxels of the mask", required=True, minimum=0),
        Column(
            "problem_codes",
            "string",
            "codes of what was noted and let through, joined by ;",
            pattern=PROBLEM_CODES,
        ),
    ),
    (
        ForeignKey(("patient_id",), "patients", ("patient_id",)),
        ForeignKey(("lesion_id",), "lesions", ("lesion_id",)),
        ForeignKey(("timepoint_id",), "timepoints", ("timepoint_id",)),
        ForeignKey(("series_id",), "series", ("series_id",)),
        ForeignKey(("reader_id",), "readers", ("reader_id",)),
    ),
)

ACQUIRED = (_PATIENTS, _TIMEPOINTS, _SERIES, _LESIONS, _READERS, _SEGMENTATIONS)
