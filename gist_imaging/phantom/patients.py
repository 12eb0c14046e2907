"""Synthetic patients: a pelvis scanned before and after imatinib, each visit with its own pose and frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from gist_imaging.phantom.distances import Point
from gist_imaging.phantom.grids import axial_grid, canal_grid
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.phantom.render import ct_volume, levator_mask, t2_volume, tumour_mask
from gist_imaging.phantom.tissues import Appearance
from gist_imaging.phantom.truth import expected_change, truth
from gist_imaging.phantom.tumour import TumourShape
from gist_imaging.spatial import Geometry, Mask, Volume

__all__ = ["PhantomPatient", "PhantomVisit", "Scanner", "paired", "patient_truth", "random_patient"]

Modality = Literal["CT", "MR"]

BASELINE_DAY, PRESURGERY_DAY = -7, 180
_POSES: tuple[tuple[Point, Point], tuple[Point, Point]] = (
    ((7.4, -171.3, -612.8), (1.5, -1.0, 2.0)),
    ((-11.9, -158.6, 243.1), (-1.0, 1.5, -2.5)),
)


@dataclass(frozen=True, slots=True)
class Scanner:
    """What a scan is made with.

    Parameters
    ----------
    modality : "CT" (axial, portal venous) or "MR" (T2, at right angles to the anal canal)
    matrix : rows and columns
    slices : how many
    pixel_mm, slice_mm : between rows and columns; between slices
    noise_sd : HU, or MR signal units
    """

    modality: Modality
    matrix: tuple[int, int]
    slices: int
    pixel_mm: float
    slice_mm: float
    noise_sd: float

    def grid(self, phantom: PelvisPhantom, frame_uid: str) -> Geometry:
        """Return the grid that this scanner lays over a pelvis."""
        lay = axial_grid if self.modality == "CT" else canal_grid
        return lay(
            phantom,
            matrix=self.matrix,
            slices=self.slices,
            pixel_mm=self.pixel_mm,
            slice_mm=self.slice_mm,
            frame_uid=frame_uid,
        )


@dataclass(frozen=True, slots=True)
class PhantomVisit:
    """One scan of a synthetic patient.

    Parameters
    ----------
    label : "baseline" or "presurgery"
    day : days since the first dose of imatinib
    phantom : the pelvis on that day, in its own pose
    scanner : what it is scanned with
    phase : contrast phase: "portal_venous" on CT, "none" on MR
    noise_seed : the same seed gives the same noise
    """

    label: str
    day: int
    phantom: PelvisPhantom
    scanner: Scanner
    phase: str
    noise_seed: int

    def volume(self, geometry: Geometry) -> Volume:
        """Return the scan."""
        rng = np.random.default_rng(self.noise_seed)
        scan = ct_volume if self.scanner.modality == "CT" else t2_volume
        return scan(self.phantom, geometry, self.scanner.noise_sd, rng)

    def masks(self, geometry: Geometry) -> dict[str, Mask]:
        """Return the masks by structure: the tumour and both sides of the levator ani."""
        masks = (
            tumour_mask(self.phantom, geometry),
            levator_mask(self.phantom, geometry, "L"),
            levator_mask(self.phantom, geometry, "R"),
        )
        return {mask.structure: mask for mask in masks}

    def truth(self, geometry: Geometry) -> dict[str, Any]:
        """Return what is known of this scan without measuring it."""
        known = truth(self.phantom, geometry, self.scanner.modality)
        return {"timepoint_label": self.label, "day": self.day, "phase": self.phase} | known


@dataclass(frozen=True, slots=True)
class PhantomPatient:
    """A synthetic patient.

    Parameters
    ----------
    patient_id : pseudonym, such as "SYN-001"
    summary : one sentence on what the pair shows
    baseline, followup : the visits
    """

    patient_id: str
    summary: str
    baseline: PhantomVisit
    followup: PhantomVisit

    @property
    def visits(self) -> tuple[PhantomVisit, PhantomVisit]:
        """Both visits in time order."""
        return self.baseline, self.followup

    @property
    def modality(self) -> Modality:
        """What both scans are made with."""
        return self.baseline.scanner.modality


def paired(
    patient_id: str,
    summary: str,
    scanner: Scanner,
    before: TumourShape,
    after: TumourShape | None,
    noise_seed: int,
) -> PhantomPatient:
    """Return a patient with a tumour before and after treatment, lying differently on each day."""
    phase = "portal_venous" if scanner.modality == "CT" else "none"
    (first_origin, first_turn), (second_origin, second_turn) = _POSES
    return PhantomPatient(
        patient_id,
        summary,
        PhantomVisit(
            "baseline",
            BASELINE_DAY,
            PelvisPhantom(before, first_origin, first_turn),
            scanner,
            phase,
            noise_seed,
        ),
        PhantomVisit(
            "presurgery",
            PRESURGERY_DAY,
            PelvisPhantom(after, second_origin, second_turn),
            scanner,
            phase,
            noise_seed + 1,
        ),
    )


def random_patient(seed: int, modality: Modality, matrix: int, slices: int) -> PhantomPatient:
    """Return a patient drawn at random; the same arguments give the same patient.

    The field of view is fixed (CT 384 × 384 × 120 mm, MR 180 × 180 × 96 mm), so the matrix and the number of
    slices set the voxel size, and the patient depends on the seed alone.
    """
    rng = np.random.default_rng(seed)
    longest = rng.uniform(22.0, 32.0)
    middle, shortest = longest * rng.uniform(0.7, 0.92, size=2)
    side = rng.choice((-1.0, 1.0))
    before = TumourShape(
        (
            float(side * rng.uniform(17.0, 23.0)),
            float(rng.uniform(14.0, 24.0)),
            float(rng.uniform(20.0, 30.0)),
        ),
        (float(longest), float(middle), float(shortest)),
        (float(rng.uniform(-20, 20)), float(rng.uniform(-20, 20)), float(rng.uniform(-60, 60))),
        viable=Appearance(float(rng.uniform(70.0, 82.0)), float(rng.uniform(2.2, 3.0))),
    )
    treated = Appearance(float(rng.uniform(40.0, 60.0)), float(rng.uniform(3.0, 4.2)))
    factors = rng.uniform(0.65, 1.0) * rng.uniform(0.95, 1.05, size=3)
    core = float(rng.choice((0.0, rng.uniform(0.3, 0.6))))
    after = replace(before.scaled(*factors.tolist()), viable=treated, core_fraction=core)
    if modality == "CT":
        scanner = Scanner("CT", (matrix, matrix), slices, 384.0 / matrix, 120.0 / slices, noise_sd=12.0)
    else:
        scanner = Scanner("MR", (matrix, matrix), slices, 180.0 / matrix, 96.0 / slices, noise_sd=9.0)
    return paired(f"SYN-R{seed}", "Drawn at random.", scanner, before, after, noise_seed=1000 + 2 * seed)


def patient_truth(patient: PhantomPatient, grids: tuple[Geometry, Geometry]) -> dict[str, Any]:
    """Return what is known of a patient: each scan, the change, and the expected categories."""
    known = [visit.truth(grid) for visit, grid in zip(patient.visits, grids, strict=True)]
    return {
        "patient_id": patient.patient_id,
        "synthetic": True,
        "summary": patient.summary,
        "modality": patient.modality,
        "lesion_id": "L1",
        "visits": known,
        "change": expected_change(*known),
    }
