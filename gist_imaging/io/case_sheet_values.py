"""What a case sheet shows, as plain values; nothing here names a patient, a date or a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gist_imaging.anatomy.metric import Metric
from gist_imaging.measure.lesion import LesionMeasurement
from gist_imaging.response.change import Response
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume
from gist_imaging.study.levator_relation import LevatorRelation
from gist_imaging.study.marks import PointMm
from gist_imaging.study.pelvic_findings import PelvicFindings

__all__ = ["CaseSheet", "SheetCaliper", "SheetLesion", "SheetLine", "SheetVisit"]


@dataclass(frozen=True, slots=True)
class SheetCaliper:
    """A diameter whose end points the reader set, in place of the measured ones.

    Parameters
    ----------
    measure : longest_axial_diameter, short_axis, ...
    points_mm : both ends, LPS
    why : the reader's reason
    """

    measure: str
    points_mm: tuple[PointMm, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A stroke along the levator ani; shown on the slice that it was drawn on.

    Parameters
    ----------
    points_mm : LPS
    word : letter on the line, such as R
    """

    points_mm: tuple[PointMm, ...]
    word: str


@dataclass(frozen=True, slots=True, eq=False)
class SheetVisit:
    """One lesion at one visit.

    Parameters
    ----------
    label : of the visit, such as baseline; "" where there is none
    day, day_of : days since that event; None where the study does not know it
    series : name of the series that the lesion was outlined on, such as CT axial 3.0 mm
    volume, mask, measured : None where nobody outlined the lesion; an empty mask says that it has gone
    missing : why there is no picture, one sentence
    at_mm : LPS; where to cut when the mask is empty; None takes the middle of the image
    facts : what the reader stated of the scan, such as "portal venous phase"
    state : of the outline, such as "verified"
    fate : what became of the lesion, in the reader's word
    calipers, lines : what the reader drew
    calls, findings : the reader's words
    metrics : side to what was measured there, by name
    note : what is wrong with that, one sentence
    """

    label: str = ""
    day: int | None = None
    day_of: str = "first dose"
    series: str = ""
    volume: Volume | None = None
    mask: Mask | None = None
    measured: LesionMeasurement | None = None
    missing: str = ""
    at_mm: PointMm | None = None
    facts: tuple[str, ...] = ()
    state: str = ""
    fate: str = ""
    calipers: tuple[SheetCaliper, ...] = ()
    lines: tuple[SheetLine, ...] = ()
    calls: tuple[LevatorRelation, ...] = ()
    findings: PelvicFindings | None = None
    metrics: Mapping[str, Mapping[str, Metric]] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SheetLesion:
    """One lesion before and after.

    Parameters
    ----------
    name, organ, role : such as L1, rectum, target
    pre, post : the baseline, and the visit that it is compared with
    change_pct : name of a measurement to its change, as `response.compare` gives it
    responses : of this lesion alone, one for each set of rules
    impression : what the reader said before any number was shown
    notes : what a person should look at, one sentence each
    """

    name: str
    pre: SheetVisit
    post: SheetVisit
    organ: str = ""
    role: str = ""
    change_pct: Mapping[str, float | None] = field(default_factory=dict)
    responses: tuple[Response, ...] = ()
    impression: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CaseSheet:
    """Everything of one case and reader that goes on paper: one page for each lesion.

    Parameters
    ----------
    case, reader : pseudonyms
    revision : of the reading; 0 for a draft that was never committed
    status : "committed" or "draft"
    blinded : whether the call was made before any number was shown
    reading_sha256 : of the reading, "" for a draft
    versions : name to version of what computed the numbers
    """

    case: str
    reader: str
    revision: int
    status: str
    lesions: tuple[SheetLesion, ...]
    blinded: bool = True
    reading_sha256: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
