"""The names of the pelvis' landmarks, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["DEFINITIONS", "LandmarkDefinition", "LandmarkName"]


class LandmarkName(StrEnum):
    """A point of the pelvis; `DEFINITIONS` says what each one is. Left and right are the patient's."""

    ANAL_VERGE = "anal_verge"
    INTERNAL_SPHINCTER_TIP = "internal_sphincter_tip"
    EXTERNAL_SPHINCTER_TIP = "external_sphincter_tip"
    ANORECTAL_JUNCTION = "anorectal_junction"
    RECTAL_WALL_POSTERIOR = "rectal_wall_posterior"
    RECTAL_WALL_POSTERIOR_UPPER = "rectal_wall_posterior_upper"
    PUBORECTALIS_POSTERIOR = "puborectalis_posterior"
    PUBORECTALIS_LEFT = "puborectalis_left"
    PUBORECTALIS_RIGHT = "puborectalis_right"
    LEVATOR_PLATE_ANTERIOR = "levator_plate_anterior"
    LEVATOR_PLATE_POSTERIOR = "levator_plate_posterior"
    INFERIOR_PUBIC_POINT = "inferior_pubic_point"
    LAST_COCCYGEAL_JOINT = "last_coccygeal_joint"
    COCCYX_TIP = "coccyx_tip"
    SACROCOCCYGEAL_JOINT = "sacrococcygeal_joint"
    SACRAL_PROMONTORY = "sacral_promontory"
    S3_MIDPOINT = "s3_midpoint"
    ISCHIAL_SPINE_LEFT = "ischial_spine_left"
    ISCHIAL_SPINE_RIGHT = "ischial_spine_right"
    FEMORAL_HEAD_LEFT = "femoral_head_left"
    FEMORAL_HEAD_RIGHT = "femoral_head_right"

    @property
    def words(self) -> str:
        """The name as it stands in a sentence.

        >>> LandmarkName.ANAL_VERGE.words
        'anal verge'
        """
        return {"s3_midpoint": "S3 midpoint"}.get(self.value, self.value.replace("_", " "))


@dataclass(frozen=True, slots=True)
class LandmarkDefinition:
    """What a point is, so that two readers put it in the same place.

    Parameters
    ----------
    where : the place, and the plane in which it is seen
    source : the publication, or "ours" where no publication fixes it
    """

    where: str
    source: str


_BATES = "Bates et al., Abdom Radiol 2021;46:867 (PubMed 32940753)"
_RADIOPAEDIA = "Radiopaedia, pubococcygeal line; World J Radiol 2025;17(5):106102, table 1"
_COCCYX = "PubMed 31193423 (2019): points of the pubococcygeal line compared"
_ESGAR = "ESGAR consensus 2016, Eur Radiol 2018;28:1465 (PMC5834554)"

DEFINITIONS: Mapping[LandmarkName, LandmarkDefinition] = {
    LandmarkName.ANAL_VERGE: LandmarkDefinition(
        "lowest skin point where the anal canal meets the perianal skin, mid-sagittal T2", _BATES
    ),
    LandmarkName.INTERNAL_SPHINCTER_TIP: LandmarkDefinition(
        "lower end of the internal sphincter; lies -0.45 ± 1.76 cm from the endoscopic anal verge", _BATES
    ),
    LandmarkName.EXTERNAL_SPHINCTER_TIP: LandmarkDefinition(
        "lower end of the external sphincter; lies +0.51 ± 1.75 cm from the endoscopic anal verge", _BATES
    ),
    LandmarkName.ANORECTAL_JUNCTION: LandmarkDefinition(
        "where the axis of the rectum turns into that of the anal canal, at the upper border of the "
        "puborectalis, mid-sagittal; top of the sphincter complex",
        _ESGAR,
    ),
    LandmarkName.RECTAL_WALL_POSTERIOR: LandmarkDefinition(
        "back wall of the rectum at the anorectal junction, mid-sagittal; hind end of the H line",
        _RADIOPAEDIA,
    ),
    LandmarkName.RECTAL_WALL_POSTERIOR_UPPER: LandmarkDefinition(
        "back wall of the lower rectum 2 to 4 cm above the anorectal junction, mid-sagittal; gives the "
        "direction of the wall for the anorectal angle",
        "ours",
    ),
    LandmarkName.PUBORECTALIS_POSTERIOR: LandmarkDefinition(
        "inner edge of the puborectalis sling behind the anorectal junction, in the midline", "ours"
    ),
    LandmarkName.PUBORECTALIS_LEFT: LandmarkDefinition(
        "inner edge of the left limb of the puborectalis at the level of the inferior pubic point, axial",
        "ours",
    ),
    LandmarkName.PUBORECTALIS_RIGHT: LandmarkDefinition(
        "inner edge of the right limb of the puborectalis at the level of the inferior pubic point, axial",
        "ours",
    ),
    LandmarkName.LEVATOR_PLATE_ANTERIOR: LandmarkDefinition(
        "front end of the straight part of the levator plate, behind the anorectal junction, mid-sagittal",
        "after Hsu et al. 2006, PubMed 16579940",
    ),
    LandmarkName.LEVATOR_PLATE_POSTERIOR: LandmarkDefinition(
        "hind end of the straight part of the levator plate, towards the coccyx, mid-sagittal",
        "after Hsu et al. 2006, PubMed 16579940",
    ),
    LandmarkName.INFERIOR_PUBIC_POINT: LandmarkDefinition(
        "P: lower back border of the pubic symphysis, mid-sagittal", _COCCYX
    ),
    LandmarkName.LAST_COCCYGEAL_JOINT: LandmarkDefinition(
        "last joint between two coccygeal segments, mid-sagittal; hind end of the pubococcygeal line", _COCCYX
    ),
    LandmarkName.COCCYX_TIP: LandmarkDefinition(
        "lower end of the coccyx, mid-sagittal; stands in for the last coccygeal joint", _COCCYX
    ),
    LandmarkName.SACROCOCCYGEAL_JOINT: LandmarkDefinition(
        "joint between sacrum and coccyx, mid-sagittal; may be kept, but it over-grades and is never used as "
        "the end of the pubococcygeal line",
        _COCCYX,
    ),
    LandmarkName.SACRAL_PROMONTORY: LandmarkDefinition(
        "front upper edge of the first sacral vertebra, mid-sagittal", "ours"
    ),
    LandmarkName.S3_MIDPOINT: LandmarkDefinition(
        "middle of the front border of the third sacral vertebra, mid-sagittal", "ours"
    ),
    LandmarkName.ISCHIAL_SPINE_LEFT: LandmarkDefinition("tip of the left ischial spine", "ours"),
    LandmarkName.ISCHIAL_SPINE_RIGHT: LandmarkDefinition("tip of the right ischial spine", "ours"),
    LandmarkName.FEMORAL_HEAD_LEFT: LandmarkDefinition("centre of the left femoral head", "ours"),
    LandmarkName.FEMORAL_HEAD_RIGHT: LandmarkDefinition("centre of the right femoral head", "ours"),
}
"""What each landmark is."""
