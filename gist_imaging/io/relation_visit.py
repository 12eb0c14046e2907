"""The levator ani, landmarks and words of one visit, read and put beside its image and tumour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gist_imaging.anatomy.landmarks import Landmarks
from gist_imaging.anatomy.levator import LevatorReport, levator_surface
from gist_imaging.anatomy.levator_checks import Midline
from gist_imaging.anatomy.pelvic_frame import pelvic_frame
from gist_imaging.anatomy.relation_surfaces import LevatorInput
from gist_imaging.anatomy.surface import Side
from gist_imaging.anatomy.visit_relation import VisitScene
from gist_imaging.errors import MeasurementError, PromptError
from gist_imaging.io.read import read_mask, read_volume
from gist_imaging.io.relation_file import MaskPlace, read_relation_input
from gist_imaging.spatial.difference import in_one_frame
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

__all__ = ["read_visit"]

_SIDES: tuple[Side, ...] = ("L", "R")


def read_visit(
    volume: Volume,
    tumour: Mask,
    files: Sequence[Path],
    masks: Mapping[Side, MaskPlace],
    *,
    landmark_images: Sequence[Path] = (),
    resample: bool = False,
    snap: bool = False,
) -> VisitScene:
    """Return everything that one visit gives about tumour and levator ani.

    Parameters
    ----------
    volume, tumour : already read
    files : of landmarks, strokes and words (`relation_file`)
    masks : of the levator ani by side, beside those that the files name
    landmark_images : further series of the visit, with their own field of view
    resample : put levator masks of another grid on the image's
    snap : move strokes onto the image's dark line first

    Raises
    ------
    PromptError
        If positions belong to another frame of reference, a levator ani is given twice, or strokes make no
        sheet.
    MaskError
        If a mask does not lie on the image.
    """
    if not volume.geometry.physical:
        raise PromptError(
            "distances between tumour and levator ani need the patient's own spacing",
            "this image is read as not physical",
            "leave out --not-physical, or export the series again",
        )
    given = read_relation_input(*files)
    if not in_one_frame(given.frame_uid, volume.geometry.frame_uid):
        raise PromptError(
            f"landmarks and strokes lie in the image's frame of reference, {volume.geometry.frame_uid}",
            f"their file says {given.frame_uid}",
            "give those of this visit, or correct frame_uid",
        )
    landmarks = _in_field(given.landmarks, volume, (*landmark_images, *given.landmark_images))
    levator: dict[Side, LevatorInput] = {}
    reports: dict[Side, LevatorReport] = {}
    drawn = {stroke.side for stroke in given.strokes}
    for side in _SIDES:
        places = [held[side] for held in (masks, given.masks) if side in held]
        if len(places) + (side in drawn) > 1:
            raise PromptError(
                "the levator ani of a side is given once, as a mask or as strokes",
                f"side {side} came {len(places) + (side in drawn)} times",
                "leave the others out",
            )
        if places:
            levator[side] = read_mask(
                places[0].path,
                like=volume,
                label=places[0].label,
                resample=resample,
                structure="levator_ani_left" if side == "L" else "levator_ani_right",
            )
        elif side in drawn:
            levator[side], reports[side] = levator_surface(
                given.strokes, side=side, volume=volume, snap=snap, midline=_midline(landmarks)
            )
    return VisitScene(
        volume,
        tumour,
        levator,
        landmarks,
        reports,
        given.wall_path_mm,
        given.hiatus_outline_mm,
        given.calls,
    )


def _in_field(landmarks: Landmarks, volume: Volume, others: Sequence[Path]) -> Landmarks:
    grids = [volume.geometry, *(read_volume(path).geometry for path in others)]
    # A file without a frame of its own is in that of the image.
    named = replace(landmarks, frame_uid=landmarks.frame_uid or volume.geometry.frame_uid)
    return named.within(*grids)


def _midline(landmarks: Landmarks) -> Midline | None:
    try:
        frame = pelvic_frame(landmarks)
    except MeasurementError:
        return None
    return Midline(frame.origin_mm, frame.axes[:, 0])
