"""Tumour against the levator ani: M1 to M9, each with its end points or the reason why there is none.

::

    M1  smallest distance, and the 5th percentile         relation_touch.py, relation_contact.py
    M2  contact area, length and arc                      relation_touch.py, relation_contact.py
    M3  displacement from the mirrored healthy side       relation_mirror.py
    M4  bow of the muscle in coronal sections             relation_course.py, relation_section.py
    M5  coronal angle                                     relation_course.py, relation_section.py
    M6  half-width of the hiatus                          relation_section.py
    M7  thinning                                          relation_muscle.py
    M8  loss of ischioanal fat                            relation_fossa.py
    M9  signal                                            relation_muscle.py
    M10 change between two visits                         relation_change.py

The definitions are ours, after the imaging literature on pelvic floor and rectal cancer: no standard report
has displacement of the levator without invasion. Nothing here says whether the muscle is invaded; that is
the reader's to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gist_imaging.anatomy.metric import Metric
from gist_imaging.anatomy.relation_course import course_metrics
from gist_imaging.anatomy.relation_error import region_notes, sheet_error_mm, shift_with_error
from gist_imaging.anatomy.relation_fossa import fossa_loss
from gist_imaging.anatomy.relation_mirror import Displacement, SurfaceShift, mirrored, surface_shift
from gist_imaging.anatomy.relation_muscle import ContactZone, contact_zone, signal_ratio, thickness_ratio
from gist_imaging.anatomy.relation_scene import Mirror, RelationScene
from gist_imaging.anatomy.relation_section import hemi_hiatus_ratio
from gist_imaging.anatomy.relation_surfaces import LevatorSide
from gist_imaging.anatomy.relation_touch import contact_metrics
from gist_imaging.anatomy.relation_values import RelationMeasurement, RelationSide
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["RelationMeasurement", "RelationScene", "RelationSide", "measure_relation"]


def measure_relation(
    scene: RelationScene, reader_codes: Mapping[str, Any] | None = None
) -> RelationMeasurement:
    """Return every metric of one visit that the scene gives.

    A metric that needs a landmark, a side or a series that is not there is None and says which one. Metrics
    that compare with the other side are None where that side is affected, too, or the tumour lies across the
    midline.

    Parameters
    ----------
    scene : tumour, levator ani, landmarks and the like
    reader_codes : the reader's own words, kept beside the numbers
    """
    contact = contact_metrics(scene)
    mirror = _mirror_metrics(scene, max(0.0, -(contact.metrics["min_distance"].value or 0.0)))
    section = course_metrics(scene)
    notes = () if isinstance(scene.frame, str) else scene.frame.notes
    return RelationMeasurement(
        reader_codes=reader_codes,
        side=scene.side,
        tau_mm=scene.tau,
        **contact.metrics,
        **mirror,
        **section,
        contact_lines=contact.lines,
        notes=notes,
    )


def _mirror_metrics(scene: RelationScene, overlap_mm: float) -> dict[str, Metric]:
    """Return M3, M6, M7, M8 and M9; the levator reaches `overlap_mm` into the tumour."""
    mirror = scene.mirror
    if isinstance(mirror, str):
        return {
            **_displacement_metrics(Displacement.missing(mirror)),
            "hemi_hiatus_ratio": Metric.missing("1", mirror),
            "thickness_ratio": Metric.missing("1", mirror),
            "fossa_loss": Metric.missing("1", mirror),
            "signal_ratio": Metric.missing("1", mirror),
        }
    frame = mirror.frame
    pair = (scene.sides[mirror.side], scene.sides[mirror.other])
    faces = {side: held.inner for side, held in scene.sides.items() if held.inner is not None}
    metrics = {
        "hemi_hiatus_ratio": hemi_hiatus_ratio(faces, mirror.side, frame, scene.landmarks),
        "fossa_loss": fossa_loss(pair, scene.fat, frame, scene.landmarks, scene.volume),
    }
    if pair[0].closed != pair[1].closed:
        reason = "one levator ani was outlined as a sheet and the other as a solid muscle"
        return {
            **metrics,
            **_displacement_metrics(Displacement.missing(reason)),
            "thickness_ratio": Metric.missing("1", reason),
            "signal_ratio": Metric.missing("1", reason),
        }
    tumour = scene.tumour_surface
    no_tumour = tumour if isinstance(tumour, str) else None
    shift = surface_shift(
        faces[mirror.side],
        mirrored(faces[mirror.other], mirror),
        None if isinstance(tumour, str) else tumour,
        pair[0].smooth and pair[1].smooth,
    )
    along = () if no_tumour is not None else region_notes(scene, mirror, shift, scene.tau)
    moved = _displacement_metrics(shift.displacement(scene.tau, no_tumour))
    error = sheet_error_mm(scene, mirror.side, mirror.other)
    for name in ("displacement_mean", "displacement_p95"):
        moved[name] = shift_with_error(moved[name], error, overlap_mm)
        moved[name] = replace(moved[name], notes=(*moved[name].notes, *along))
    return {**metrics, **moved, **_muscle_metrics(scene, shift, pair, mirror, along)}


def _muscle_metrics(
    scene: RelationScene,
    shift: SurfaceShift,
    pair: tuple[LevatorSide, LevatorSide],
    mirror: Mirror,
    notes: tuple[str, ...],
) -> dict[str, Metric]:
    """Return M7, with notes on the contact region, and M9."""
    tumour = scene.tumour_surface
    zone = tumour if isinstance(tumour, str) else contact_zone(shift, pair, scene.tau, mirror)
    if isinstance(zone, str):
        return {name: Metric.missing("1", zone) for name in ("thickness_ratio", "signal_ratio")}
    thickness = thickness_ratio(zone)
    return {
        "thickness_ratio": replace(thickness, notes=(*thickness.notes, *notes)),
        "signal_ratio": _signal_metric(scene.volume, zone),
    }


def _signal_metric(volume: Volume | None, zone: ContactZone) -> Metric:
    """Return M9, which compares MR signal (of T2, as the reader chooses the series) and nothing else."""
    if volume is None:
        return Metric.missing("1", "no series was given to take the signal from")
    if volume.quantity is not Quantity.ARBITRARY:
        return Metric.missing("1", f"M9 compares the signal of T2 MR; this series is in {volume.quantity}")
    return signal_ratio(zone, volume)


def _displacement_metrics(displacement: Displacement) -> dict[str, Metric]:
    return {
        "displacement_mean": displacement.mean,
        "displacement_p95": displacement.p95,
        "displacement_max": displacement.largest,
        "displaced_volume": displacement.volume,
    }
