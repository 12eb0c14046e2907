"""The closed lists of what a reader says about levator ani and low rectum, each word with its one code.

Contact, displacement and invasion are three axes: a muscle that is pushed aside and invaded keeps both words.
Null (None) is not a word: it says that nobody was asked. The standards' lists behind them are the SAR and
Cancer Care Ontario sets (RadElement RDES293, RDES11) and the ESGAR template; displacement without invasion is
in none of them, and is what a GIST does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gist_imaging.study.private_codes import private
from gist_imaging.study.words import ConceptCode, Word

__all__ = [
    "VOCABULARIES",
    "AdjacentOrgan",
    "AnalCanalThird",
    "CoronalPlane",
    "HeightClass",
    "HeightMethod",
    "HeightRule",
    "ImageQuality",
    "LevatorComponent",
    "LevatorContact",
    "LevatorDisplacement",
    "LevatorInvasion",
    "OrganInvasion",
    "PeritonealReflection",
    "ReaderConfidence",
    "RectalFilling",
    "Side",
    "SphincterDepth",
    "Vocabulary",
]


def _dicom(scheme: str, value: str, meaning: str, definition: str) -> ConceptCode:
    """Return a code of DICOM's own content mapping (PS3.16); the tests look it up in pydicom's copy."""
    return ConceptCode(value, scheme, meaning, definition)


class Side(Word):
    """Side of the patient; the midline is that behind the anorectal junction."""

    L = "L", _dicom("SCT", "7771000", "Left", "the patient's left")
    R = "R", _dicom("SCT", "24028007", "Right", "the patient's right")
    MIDLINE = "midline", _dicom("SCT", "261129000", "Midline", "behind the anorectal junction")


class LevatorContact(Word):
    """How near the tumour comes to the muscle."""

    NONE = "none", private("LEVCON-NONE"), "0"
    CLOSE = "close", private("LEVCON-CLOSE"), "1"
    ABUTMENT = "abutment", private("LEVCON-ABUT"), "2"
    NOT_ASSESSABLE = "not_assessable", private("LEVCON-NA"), "9"


class LevatorDisplacement(Word):
    """Whether the tumour pushes the muscle out of its course."""

    NONE = "none", private("LEVDIS-NONE"), "0"
    MILD = "mild", private("LEVDIS-MILD"), "1"
    MARKED = "marked", private("LEVDIS-MARKED"), "2"
    NOT_ASSESSABLE = "not_assessable", private("LEVDIS-NA"), "9"


class LevatorInvasion(Word):
    """Whether the tumour grows into the muscle."""

    NO = "no", private("LEVINV-NO"), "0"
    EQUIVOCAL = "equivocal", private("LEVINV-EQUIVOCAL"), "1"
    YES = "yes", private("LEVINV-YES"), "2"
    NOT_ASSESSABLE = "not_assessable", private("LEVINV-NA"), "9"


class LevatorComponent(Word):
    """Muscles of the pelvic floor that the finding is about."""

    PUBORECTALIS = (
        "puborectalis",
        _dicom("MDC", "7:584", "Musculus puborectalis", "the sling behind the anorectal junction"),
    )
    PUBOCOCCYGEUS = "pubococcygeus", private("LEVPART-PC")
    ILIOCOCCYGEUS = "iliococcygeus", private("LEVPART-IC")
    COCCYGEUS = (
        "coccygeus",
        _dicom("MDC", "7:588", "Musculus coccygeus", "from the ischial spine to sacrum and coccyx"),
    )


class SphincterDepth(Word):
    """How deep the tumour reaches into the anal sphincter; each depth includes those before it."""

    NONE = "none", private("SPHDEP-NONE"), "0"
    INTERNAL = "internal", private("SPHDEP-INT"), "1"
    INTERSPHINCTERIC_PLANE = "intersphincteric_plane", private("SPHDEP-PLANE"), "2"
    EXTERNAL = "external", private("SPHDEP-EXT"), "3"
    NOT_ASSESSABLE = "not_assessable", private("SPHDEP-NA"), "9"
    ABSENT = "absent", private("SPHDEP-ABSENT")


class AnalCanalThird(Word):
    """The lowest third of the anal canal that the tumour reaches."""

    UPPER = "upper", private("SPHTHIRD-UPPER"), "1"
    MIDDLE = "middle", private("SPHTHIRD-MIDDLE"), "2"
    DISTAL = "distal", private("SPHTHIRD-DISTAL"), "3"
    NOT_ASSESSABLE = "not_assessable", private("SPHTHIRD-NA"), "9"


class AdjacentOrgan(Word):
    """Organs around the low rectum whose invasion is judged."""

    PROSTATE = "prostate", _dicom("SCT", "41216001", "Prostate", "the prostate")
    SEMINAL_VESICLE = "seminal_vesicle", _dicom("SCT", "64739004", "Seminal Vesicle", "either of them")
    VAGINA = "vagina", _dicom("SCT", "76784001", "Vagina", "the vagina")
    UTERUS = "uterus", _dicom("SCT", "35039007", "Uterus", "the uterus with its cervix")
    BLADDER = "bladder", _dicom("SCT", "89837001", "Bladder", "the urinary bladder")
    URETHRA = "urethra", _dicom("SCT", "13648007", "Urethra", "the urethra")
    SACRUM = "sacrum", _dicom("SCT", "54735007", "Sacrum", "the sacrum")
    COCCYX = "coccyx", _dicom("SCT", "64688005", "Coccyx", "the coccyx")
    OBTURATOR_INTERNUS = "obturator_internus", private("ORG-OBTINT")
    PIRIFORMIS = "piriformis", _dicom("MDC", "7:812", "Musculus piriformis", "the piriformis of either side")
    ISCHIOANAL_FOSSA = "ischioanal_fossa", private("ORG-IAFOSSA")
    OTHER = "other", private("ORG-OTHER")


class OrganInvasion(Word):
    """Whether the tumour grows into a neighbouring organ."""

    NO = "no", private("ORGINV-NO"), "0"
    EQUIVOCAL = "equivocal", private("ORGINV-EQUIVOCAL"), "1"
    YES = "yes", private("ORGINV-YES"), "2"
    NOT_ASSESSABLE = "not_assessable", private("ORGINV-NA"), "9"


class HeightClass(Word):
    """Third of the rectum in which the lower tumour edge lies."""

    LOW = "low", private("HTCLASS-LOW"), "1"
    MID = "mid", private("HTCLASS-MID"), "2"
    HIGH = "high", private("HTCLASS-HIGH"), "3"


class HeightRule(Word):
    """Cut-offs that divide low, mid and high."""

    CCO = "cco", private("HTRULE-CCO")
    SEER = "seer", private("HTRULE-SEER")


class HeightMethod(Word):
    """How the distance from the anal verge was measured; the ways differ by more than a centimetre."""

    STRAIGHT = "straight", private("HTMETH-STRAIGHT")
    TWO_SEGMENT = "two_segment", private("HTMETH-TWOSEG")
    CURVED = "curved", private("HTMETH-CURVED")
    ENDOSCOPY = "endoscopy", private("HTMETH-ENDO")
    DRE = "dre", private("HTMETH-DRE")
    RIGID_SCOPE = "rigid_scope", private("HTMETH-RIGID")


class PeritonealReflection(Word):
    """Where the tumour lies relative to the anterior peritoneal reflection."""

    ABOVE = "above", private("PERIREF-ABOVE"), "0"
    STRADDLES = "straddles", private("PERIREF-STRADDLE"), "1"
    BELOW = "below", private("PERIREF-BELOW"), "2"
    NOT_ASSESSABLE = "not_assessable", private("PERIREF-NA"), "9"


class ImageQuality(Word):
    """Whether the images answer the question."""

    ADEQUATE = "adequate", _dicom("RADLEX", "RID12", "Diagnostic quality", "the images answer the question")
    SUBOPTIMAL = (
        "suboptimal",
        _dicom("RADLEX", "RID13", "Limited quality", "the images answer the question with reserve"),
    )
    NON_DIAGNOSTIC = (
        "non_diagnostic",
        _dicom("RADLEX", "RID14", "Non-diagnostic quality", "the images do not answer the question"),
    )


class ReaderConfidence(Word):
    """How sure the reader is."""

    VERY_LOW = "very_low", private("CONF-1"), "1"
    LOW = "low", private("CONF-2"), "2"
    MODERATE = "moderate", private("CONF-3"), "3"
    HIGH = "high", private("CONF-4"), "4"
    VERY_HIGH = "very_high", private("CONF-5"), "5"


class RectalFilling(Word):
    """What the rectum was filled with; gel moved the junction from 34 to 49 mm in one reader's hands."""

    NONE = "none", private("FILLING-NONE")
    GEL = "gel", private("FILLING-GEL")
    OTHER = "other", private("FILLING-OTHER")
    UNKNOWN = "unknown", private("FILLING-UNKNOWN")


class CoronalPlane(Word):
    """The best coronal series of the visit; without one along the canal, sphincter depth is uncertain."""

    ALONG_ANAL_CANAL = "along_anal_canal", private("CORPLANE-CANAL")
    ALONG_RECTUM = "along_rectum", private("CORPLANE-RECTUM")
    STRAIGHT = "straight", private("CORPLANE-AXIS")
    NONE = "none", private("CORPLANE-NONE")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A closed list.

    Parameters
    ----------
    words : the words
    concept : code of the question that a word answers
    """

    words: type[Word]
    concept: ConceptCode


VOCABULARIES: Mapping[str, Vocabulary] = MappingProxyType(
    {
        "side": Vocabulary(
            Side, _dicom("SCT", "272741003", "Laterality", "side of the patient that a finding is on")
        ),
        "levator_contact": Vocabulary(LevatorContact, private("LEVCON")),
        "levator_displacement": Vocabulary(LevatorDisplacement, private("LEVDIS")),
        "levator_invasion": Vocabulary(LevatorInvasion, private("LEVINV")),
        "levator_component": Vocabulary(LevatorComponent, private("LEVPART")),
        "sphincter_depth": Vocabulary(SphincterDepth, private("SPHDEP")),
        "anal_canal_third": Vocabulary(AnalCanalThird, private("SPHTHIRD")),
        "adjacent_organ": Vocabulary(AdjacentOrgan, private("ORG")),
        "organ_invasion": Vocabulary(OrganInvasion, private("ORGINV")),
        "height_class": Vocabulary(HeightClass, private("HTCLASS")),
        "height_rule": Vocabulary(HeightRule, private("HTRULE")),
        "dav_method": Vocabulary(HeightMethod, private("HTMETH")),
        "peritoneal_reflection": Vocabulary(PeritonealReflection, private("PERIREF")),
        "image_quality": Vocabulary(
            ImageQuality, _dicom("DCM", "111101", "Image Quality", "whether the images answer the question")
        ),
        "reader_confidence": Vocabulary(ReaderConfidence, private("CONF")),
        "rectal_filling": Vocabulary(RectalFilling, private("FILLING")),
        "coronal_plane": Vocabulary(CoronalPlane, private("CORPLANE")),
    }
)
"""Every list by its name, which is also its name in the cohort folder."""
