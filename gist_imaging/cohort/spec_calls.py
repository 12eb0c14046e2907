"""The tables of what a reader says in words: levator ani side by side, and the low rectum."""

from __future__ import annotations

from gist_imaging.cohort.codes import NO_COMPONENT
from gist_imaging.cohort.spec import Column, ForeignKey, Table
from gist_imaging.cohort.spec_acquired import LESION, LOCAL, PATIENT, SHA256, TIMEPOINT
from gist_imaging.study.codes import AdjacentOrgan, LevatorComponent

__all__ = ["CALLS", "ORGAN_COLUMNS"]

_PARTS = "|".join(word.value for word in LevatorComponent)
COMPONENTS = rf"{NO_COMPONENT}|({_PARTS})(;({_PARTS}))*"

ORGAN_COLUMNS = {organ: f"organ_{organ.value}" for organ in AdjacentOrgan}
"""The column of each organ."""

_WHO = (
    Column("patient_id", "string", "whose lesion", required=True, pattern=PATIENT),
    Column("lesion_id", "string", "which lesion", required=True, pattern=LESION),
    Column("timepoint_id", "string", "at which visit", required=True, pattern=TIMEPOINT),
    Column("reader_id", "string", "who says so", required=True, pattern=LOCAL),
)
_READING = (
    Column(
        "blinded",
        "boolean",
        "whether the reader saw neither arm, outcome, other calls nor the program's metrics",
        required=True,
    ),
    Column("revision", "integer", "revision of the reading, 1 for the first", required=True, minimum=1),
    Column(
        "reading_sha256",
        "string",
        "SHA-256 of the reading, which stays at home",
        required=True,
        pattern=SHA256,
    ),
)
_REFERENCES = (
    ForeignKey(("patient_id",), "patients", ("patient_id",)),
    ForeignKey(("lesion_id",), "lesions", ("lesion_id",)),
    ForeignKey(("timepoint_id",), "timepoints", ("timepoint_id",)),
    ForeignKey(("reader_id",), "readers", ("reader_id",)),
)

_LEVATOR_RELATIONS = Table(
    "levator_relations",
    "One row per side of the levator ani, lesion, visit and reader: the reader's call in words. Empty: not "
    "asked.",
    ("lesion_id", "timepoint_id", "reader_id", "side"),
    (
        *_WHO,
        Column("side", "string", "side of the patient", codes="side", required=True),
        Column("contact", "string", "how near the tumour comes", codes="levator_contact"),
        Column("displacement", "string", "whether it pushes the muscle", codes="levator_displacement"),
        Column("invasion", "string", "whether it grows into the muscle", codes="levator_invasion"),
        Column(
            "components",
            "string",
            f"muscles that the finding is about, joined by ; in the order of the list levator_component; "
            f"{NO_COMPONENT}: asked, and no muscle is named",
            pattern=COMPONENTS,
        ),
        *_READING,
    ),
    _REFERENCES,
)

_PELVIC_FINDINGS = Table(
    "pelvic_findings",
    "One row per lesion, visit and reader: sphincter, neighbouring organs and height in words. Empty: not "
    "asked.",
    ("lesion_id", "timepoint_id", "reader_id"),
    (
        *_WHO,
        Column("sphincter_depth", "string", "how deep it reaches", codes="sphincter_depth"),
        Column(
            "sphincter_lowest_third",
            "string",
            "lowest third of the anal canal that it reaches",
            codes="anal_canal_third",
        ),
        *(
            Column(name, "string", f"whether it grows into: {organ.definition}", codes="organ_invasion")
            for organ, name in ORGAN_COLUMNS.items()
        ),
        Column(
            "distance_anal_verge_mm",
            "number",
            "lower tumour edge above the anal verge by dav_method, as the reader gives it; negative: below",
            "mm",
            minimum=-60,
            maximum=200,
        ),
        Column("dav_method", "string", "how that distance was measured", codes="dav_method"),
        Column("height_class", "string", "third of the rectum, by height_rule", codes="height_class"),
        Column("height_rule", "string", "cut-offs of height_class", codes="height_rule"),
        Column(
            "distance_anorectal_junction_mm",
            "number",
            "lower tumour edge above the anorectal junction; negative: below",
            "mm",
            minimum=-60,
            maximum=200,
        ),
        Column(
            "peritoneal_reflection",
            "string",
            "where it lies to the anterior peritoneal reflection",
            codes="peritoneal_reflection",
        ),
        Column("image_quality", "string", "of the visit, for these questions", codes="image_quality"),
        Column("confidence", "string", "how sure the reader is", codes="reader_confidence"),
        Column("rectal_filling", "string", "what was given into the rectum", codes="rectal_filling"),
        Column("coronal_plane", "string", "the best coronal series of the visit", codes="coronal_plane"),
        *_READING,
    ),
    _REFERENCES,
)

CALLS = (_LEVATOR_RELATIONS, _PELVIC_FINDINGS)
