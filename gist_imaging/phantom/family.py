"""A family of pelves with known answers: seeded, with structures, landmarks and relation to the levator ani.

`pelvis_family(7, modality="MR", relation="displaced")` is one member; the same arguments give the same one.
`known` (family_truth.py) tells what is true of it, `reader_strokes` (family_strokes.py) what a careful reader
would draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gist_imaging.errors import GistImagingError
from gist_imaging.phantom.distances import Point
from gist_imaging.phantom.family_draw import FamilyPlan, Relation, Scene, drawn_scene, treated_scene
from gist_imaging.phantom.family_landmarks import landmarks_body
from gist_imaging.phantom.family_masks import family_masks
from gist_imaging.phantom.family_sheet import LevatorSheet
from gist_imaging.phantom.grids import axial_grid, canal_grid, coronal_grid, read_backwards
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.phantom.render import ct_volume, t2_volume
from gist_imaging.spatial import Geometry, Mask, Volume

__all__ = ["FIELD_OF_VIEW_MM", "FamilyMember", "Plane", "pelvis_family"]

Plane = Literal["axial", "oblique", "coronal"]
Side = Literal["L", "R"]
Visit = Literal["baseline", "presurgery"]

FIELD_OF_VIEW_MM = {"CT": 384.0, "MR": 200.0}
"""Width of the grids that `FamilyMember.grid` lays."""
LARGEST_DISPLACEMENT_MM = 20.0
_SLICE_MM = 3.3
_GRIDS = {"axial": axial_grid, "oblique": canal_grid, "coronal": coronal_grid}
_CT_NOISE_HU, _MR_NOISE, _MR_BIAS = (8.0, 15.0), (4.0, 9.0), (0.05, 0.2)


@dataclass(frozen=True, slots=True, eq=False)
class FamilyMember:
    """One pelvis of the family at one visit.

    Parameters
    ----------
    seed : what it was drawn from
    modality : "CT" or "MR"
    visit : "baseline", or "presurgery" after imatinib
    side : of the tumour; the patient's
    plan : what was asked
    scene : pelvic floor and tumour, laid out on the left
    phantom : the pelvis in the scanner
    from_head : whether slices are numbered from the head (in coronal stacks: from the back)
    noise_sd : HU on CT, signal on MR
    bias : half the range of the MR coil's bias, as a part of the signal
    """

    seed: int
    modality: Literal["CT", "MR"]
    visit: Visit
    side: Side
    plan: FamilyPlan
    scene: Scene
    phantom: PelvisPhantom
    from_head: bool
    noise_sd: float
    bias: float

    def grid(
        self,
        plane: Plane | None = None,
        *,
        matrix: int = 256,
        slices: int = 40,
        slice_mm: float = _SLICE_MM,
        pixel_mm: float | None = None,
        centre_body: Point | None = None,
        frame_uid: str = "1.2.826.0.1.3680043.8.498.1",
    ) -> Geometry:
        """Return a grid over the pelvic floor.

        Parameters
        ----------
        plane : "axial", "oblique" (at right angles to the anal canal) or "coronal" (parallel to it); None is
            axial on CT and oblique on MR
        matrix, slices : rows and columns; how many slices
        slice_mm, pixel_mm : between slices; between rows and columns, None for the usual field of view
        centre_body : body frame; the middle of the grid, None for the pelvic floor
        frame_uid : Frame of Reference UID
        """
        usual: Plane = "axial" if self.modality == "CT" else "oblique"
        chosen = usual if plane is None else plane
        geometry = _GRIDS[chosen](
            self.phantom,
            matrix=(matrix, matrix),
            slices=slices,
            pixel_mm=FIELD_OF_VIEW_MM[self.modality] / matrix if pixel_mm is None else pixel_mm,
            slice_mm=slice_mm,
            frame_uid=frame_uid,
            **({} if centre_body is None else {"centre_body": centre_body}),
        )
        numbered_from_head = chosen == "oblique"
        return geometry if numbered_from_head == self.from_head else read_backwards(geometry)

    def volume(self, geometry: Geometry) -> Volume:
        """Return the scan on a grid; the same grid gives the same noise."""
        rng = np.random.default_rng((self.seed, 4, self.visit == "presurgery"))
        if self.modality == "CT":
            return ct_volume(self.phantom, geometry, self.noise_sd, rng)
        return t2_volume(self.phantom, geometry, self.noise_sd, rng, self.bias)

    def masks(self, geometry: Geometry) -> dict[str, Mask]:
        """Return the masks by structure: tumour, levator ani left and right, puborectalis, sphincters.

        They are whole: where the tumour invades a muscle, a voxel belongs to both.
        """
        pair = self.scene.pair(self.side)
        return family_masks(self.phantom, geometry, {"left": pair.left, "right": pair.right})

    def sheet(self, side: Side) -> LevatorSheet:
        """Return the levator ani of one side, body frame."""
        pair = self.scene.pair(self.side)
        return pair.left if side == "L" else pair.right

    @property
    def landmarks_mm(self) -> dict[str, Point]:
        """Landmarks by name, LPS mm."""
        landmarks = landmarks_body()
        placed = self.phantom.to_patient(list(landmarks.values())).tolist()
        return {name: (x, y, z) for name, (x, y, z) in zip(landmarks, placed, strict=True)}


def pelvis_family(
    seed: int,
    *,
    modality: Literal["CT", "MR"],
    relation: Relation = "displaced",
    displacement_mm: float | None = None,
    gap_mm: float | None = None,
    invasion_mm: float | None = None,
    longest_mm: float | None = None,
    asymmetry_mm: float = 0.0,
    side: Side | None = None,
    visit: Visit = "baseline",
    largest_turn_deg: float = 10.0,
) -> FamilyMember:
    """Return the member that these arguments name; what is None is drawn from the seed.

    Parameters
    ----------
    seed : 0 or more
    modality : "CT" or "MR"
    relation : of the tumour to the levator ani at baseline: "clear" of it by a gap; "abutted": touching at
        0 mm; "displaced": touching and pushed aside; "invaded": the tumour lies in the muscle
    displacement_mm : how far the muscle is pushed: 95th percentile over the contact region
    gap_mm : of a clear tumour, to the inner face of the muscle
    invasion_mm : how deep an invading tumour lies in the muscle
    longest_mm : longest diameter of the tumour, about; drawn it is 15 to 112 mm
    asymmetry_mm : by how much the affected side's resting muscle swings about the mirror image of the other;
        0 is a body that is exactly its own mirror image but for the tumour
    side : of the tumour
    visit : "presurgery" is the same patient after imatinib, lying anew
    largest_turn_deg : the patient lies turned by up to so much about each axis

    Raises
    ------
    GistImagingError
        If an argument makes no sense, or the pelvis has no room for the tumour.
    """
    if modality not in ("CT", "MR") or seed < 0:
        raise GistImagingError(
            "a member is scanned by CT or MR and has a seed of 0 or more", f"got {modality!r} and {seed}"
        )
    if (relation == "displaced" and displacement_mm is not None and displacement_mm <= 0.0) or (
        relation in ("clear", "abutted") and displacement_mm
    ):
        raise GistImagingError(
            "a displaced muscle has a displacement above 0 mm, a clear or abutted one has none",
            f"got {relation} with {displacement_mm}",
            'ask for relation "displaced"',
        )
    if displacement_mm is not None and displacement_mm > LARGEST_DISPLACEMENT_MM:
        raise GistImagingError(
            f"the muscle gives way by {LARGEST_DISPLACEMENT_MM:g} mm at most: it is 50 mm long",
            f"got {displacement_mm}",
            "ask for less",
        )
    plan = FamilyPlan(relation, displacement_mm, gap_mm, invasion_mm, longest_mm, asymmetry_mm)
    scene = drawn_scene(np.random.default_rng((seed, 1)), plan)
    drawn_side: Side = "L" if np.random.default_rng((seed, 2)).random() < 0.5 else "R"
    chosen = drawn_side if side is None else side
    treated = visit == "presurgery"
    if treated:
        scene = treated_scene(np.random.default_rng((seed, 3)), scene)
    rng = np.random.default_rng((seed, 5, treated))
    ox, oy, oz = rng.uniform((-20.0, -190.0, -700.0), (20.0, -140.0, 300.0)).tolist()
    tx, ty, tz = rng.uniform(-largest_turn_deg, largest_turn_deg, 3).tolist()
    phantom = PelvisPhantom(scene.tumour_on(chosen), (ox, oy, oz), (tx, ty, tz), levator=scene.pair(chosen))
    noise = rng.uniform(*(_CT_NOISE_HU if modality == "CT" else _MR_NOISE))
    return FamilyMember(
        seed,
        modality,
        visit,
        chosen,
        plan,
        scene,
        phantom,
        from_head=bool(rng.random() < 0.5),
        noise_sd=float(noise),
        bias=float(rng.uniform(*_MR_BIAS)),
    )
