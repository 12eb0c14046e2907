"""The private coding scheme 99GISTIMG: one table, frozen.

For what DICOM has no code of the same meaning (looked up in PS3.16 as pydicom 3.0.2 holds it). An entry is
never reused, renamed or given another definition; what turns out wrong gets a new value in a new version, and
the old one stays.
"""

from __future__ import annotations

from types import MappingProxyType

from gist_imaging.study.words import ConceptCode

__all__ = ["PRIVATE_CODES", "SCHEME", "SCHEME_VERSION", "private"]

SCHEME = "99GISTIMG"
SCHEME_VERSION = "1"
"""Highest version in the table; an entry keeps the version that first held it."""

_NOT_ASSESSABLE = "looked for and cannot be judged on these images"

_TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("LEVCON", "Contact of tumour and levator ani", "how near the tumour comes to the muscle", "1"),
    (
        "LEVCON-NONE",
        "Levator ani: no contact",
        "a fat plane is seen between tumour and muscle; they are more than 1 mm apart",
        "1",
    ),
    (
        "LEVCON-CLOSE",
        "Levator ani: close",
        "the tumour comes within 1 mm, or the fat plane between it and the muscle is not resolved",
        "1",
    ),
    (
        "LEVCON-ABUT",
        "Levator ani: abutment",
        "the tumour touches the muscle without a fat plane; contour and signal of the muscle are normal",
        "1",
    ),
    ("LEVCON-NA", "Levator ani: contact not assessable", f"contact was {_NOT_ASSESSABLE}", "1"),
    (
        "LEVDIS",
        "Displacement of levator ani by tumour",
        "change of contour or position of a muscle that is otherwise a continuous dark line on T2",
        "1",
    ),
    ("LEVDIS-NONE", "Levator ani: not displaced", "the muscle runs its normal course", "1"),
    (
        "LEVDIS-MILD",
        "Levator ani: mild displacement",
        "the muscle is pushed or bowed out of its course, judged by eye, and not markedly",
        "1",
    ),
    (
        "LEVDIS-MARKED",
        "Levator ani: marked displacement",
        "the muscle is pushed or bowed far out of its course, judged by eye",
        "1",
    ),
    ("LEVDIS-NA", "Levator ani: displacement not assessable", f"displacement was {_NOT_ASSESSABLE}", "1"),
    ("LEVINV", "Invasion of levator ani by tumour", "whether tumour grows into the muscle", "1"),
    ("LEVINV-NO", "Levator ani: not invaded", "the muscle is a continuous line with a sharp border", "1"),
    (
        "LEVINV-EQUIVOCAL",
        "Levator ani: invasion equivocal",
        "the border is irregular or indistinct, or the muscle has intermediate signal in one place",
        "1",
    ),
    (
        "LEVINV-YES",
        "Levator ani: invaded",
        "the muscle line is interrupted, or tumour signal lies inside or beyond the muscle",
        "1",
    ),
    ("LEVINV-NA", "Levator ani: invasion not assessable", f"invasion was {_NOT_ASSESSABLE}", "1"),
    ("LEVPART", "Part of levator ani or pelvic diaphragm", "which muscle of the pelvic floor", "1"),
    ("LEVPART-PC", "Pubococcygeus", "part of the levator ani from the pubis, lateral to puborectalis", "1"),
    ("LEVPART-IC", "Iliococcygeus", "part of the levator ani from the tendinous arch to the raphe", "1"),
    ("SPHDEP", "Depth of anal sphincter involvement", "how deep the tumour reaches into the sphincter", "1"),
    ("SPHDEP-NONE", "Anal sphincter: not involved", "the sphincter complex is free of tumour", "1"),
    (
        "SPHDEP-INT",
        "Anal sphincter: internal only",
        "the internal sphincter is involved, nothing beyond",
        "1",
    ),
    (
        "SPHDEP-PLANE",
        "Anal sphincter: into the intersphincteric plane",
        "internal sphincter and intersphincteric plane are involved, the external sphincter is not",
        "1",
    ),
    ("SPHDEP-EXT", "Anal sphincter: external", "the external sphincter is involved", "1"),
    ("SPHDEP-NA", "Anal sphincter: not assessable", f"the sphincter complex was {_NOT_ASSESSABLE}", "1"),
    (
        "SPHDEP-ABSENT",
        "Anal sphincter: absent",
        "there is no sphincter complex to judge, as it was removed (not: free of tumour)",
        "1",
    ),
    ("SPHTHIRD", "Lowest third of the anal canal involved", "the lowest third that tumour reaches", "1"),
    ("SPHTHIRD-UPPER", "Upper third of the anal canal", "tumour reaches the upper third and no lower", "1"),
    (
        "SPHTHIRD-MIDDLE",
        "Middle third of the anal canal",
        "tumour reaches the middle third and no lower",
        "1",
    ),
    ("SPHTHIRD-DISTAL", "Distal third of the anal canal", "tumour reaches the distal third", "1"),
    ("SPHTHIRD-NA", "Third of the anal canal not assessable", f"the lowest third was {_NOT_ASSESSABLE}", "1"),
    ("ORGINV", "Invasion of a neighbouring organ", "whether tumour grows into the organ", "1"),
    ("ORGINV-NO", "Organ not invaded", "organ and tumour have a border of their own", "1"),
    ("ORGINV-EQUIVOCAL", "Organ invasion equivocal", "the border to the organ is irregular or lost", "1"),
    ("ORGINV-YES", "Organ invaded", "tumour signal lies inside the organ", "1"),
    ("ORGINV-NA", "Organ invasion not assessable", f"invasion of the organ was {_NOT_ASSESSABLE}", "1"),
    ("ORG", "Neighbouring organ of the rectum", "the organ whose invasion is judged", "1"),
    ("ORG-OBTINT", "Obturator internus", "the obturator internus of either side", "1"),
    ("ORG-IAFOSSA", "Ischioanal fossa", "the fat below the levator ani of either side", "1"),
    ("ORG-OTHER", "Another neighbouring organ", "an organ that the list does not name", "1"),
    ("HTCLASS", "Height class of a rectal tumour", "third of the rectum of the lower tumour edge", "1"),
    ("HTCLASS-LOW", "Low rectal tumour", "lower edge in the low third by the stated rule", "1"),
    ("HTCLASS-MID", "Mid rectal tumour", "lower edge in the middle third by the stated rule", "1"),
    ("HTCLASS-HIGH", "High rectal tumour", "lower edge in the high third by the stated rule", "1"),
    ("HTRULE", "Cut-offs of the height class", "by which distances the thirds are divided", "1"),
    (
        "HTRULE-CCO",
        "Cancer Care Ontario: 5, 10 and 15 cm",
        "low up to 5 cm, mid up to 10 cm, high up to 15 cm above the anal verge, each inclusive (RDES11)",
        "1",
    ),
    (
        "HTRULE-SEER",
        "SEER and UICC: 6, 12 and 16 cm",
        "low up to 6 cm, high from 12 to 16 cm above the anal verge, each inclusive; mid in between",
        "1",
    ),
    ("HTMETH", "How height above the anal verge was measured", "the path or tool of the distance", "1"),
    ("HTMETH-STRAIGHT", "Straight line", "straight from the anal verge to the lower tumour edge", "1"),
    (
        "HTMETH-TWOSEG",
        "Two straight segments",
        "from the anal verge to the top of the anal canal, and on to the lower tumour edge",
        "1",
    ),
    ("HTMETH-CURVED", "Curved line", "along the wall from the anal verge to the lower tumour edge", "1"),
    ("HTMETH-ENDO", "Flexible endoscopy", "with a flexible endoscope", "1"),
    ("HTMETH-DRE", "Digital rectal examination", "with the finger", "1"),
    ("HTMETH-RIGID", "Rigid proctoscopy", "with a rigid scope", "1"),
    (
        "PERIREF",
        "Tumour and anterior peritoneal reflection",
        "where the tumour lies relative to the anterior peritoneal reflection",
        "1",
    ),
    ("PERIREF-ABOVE", "Above the peritoneal reflection", "the whole tumour lies above it", "1"),
    ("PERIREF-STRADDLE", "Straddles the peritoneal reflection", "tumour lies above and below it", "1"),
    ("PERIREF-BELOW", "Below the peritoneal reflection", "the whole tumour lies below it", "1"),
    ("PERIREF-NA", "Peritoneal reflection not assessable", f"the reflection was {_NOT_ASSESSABLE}", "1"),
    ("CONF", "Confidence of the reader", "how sure the reader is of the findings of this visit", "1"),
    ("CONF-1", "Very low confidence", "a guess", "1"),
    ("CONF-2", "Low confidence", "more likely than not", "1"),
    ("CONF-3", "Moderate confidence", "probable", "1"),
    ("CONF-4", "High confidence", "very probable", "1"),
    ("CONF-5", "Very high confidence", "as good as certain", "1"),
    ("FILLING", "Rectal filling", "what the rectum was filled with for the scan", "1"),
    ("FILLING-NONE", "Rectum not filled", "nothing was given into the rectum", "1"),
    ("FILLING-GEL", "Rectum filled with gel", "gel was given, which lengthens the anal distances", "1"),
    ("FILLING-OTHER", "Rectum filled with something else", "water, air or contrast medium was given", "1"),
    ("FILLING-UNKNOWN", "Rectal filling unknown", "neither the images nor the record say", "1"),
    ("CORPLANE", "Coronal plane of the visit", "how the best coronal series lies to the anal canal", "1"),
    ("CORPLANE-CANAL", "Coronal along the anal canal", "parallel to the anal canal", "1"),
    ("CORPLANE-RECTUM", "Coronal along the rectum", "parallel to the rectum above, not to the canal", "1"),
    ("CORPLANE-AXIS", "Straight coronal", "parallel to the patient's axis", "1"),
    ("CORPLANE-NONE", "No coronal series", "no coronal series was acquired", "1"),
)

PRIVATE_CODES = MappingProxyType(
    {
        value: ConceptCode(value, SCHEME, meaning, definition, version)
        for value, meaning, definition, version in _TABLE
    }
)
"""Every code of the scheme by its value."""


def private(value: str) -> ConceptCode:
    """Return the code of the scheme with that value.

    >>> private("LEVCON-ABUT").meaning
    'Levator ani: abutment'
    """
    return PRIVATE_CODES[value]
