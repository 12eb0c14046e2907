"""Ground-truth masks of real scans, and published reference values."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging import LesionMeasurement, measure_lesion, read_mask, read_volume

pytestmark = [pytest.mark.real, needs_real_scans]

IBSI = REAL_SCANS / "reference_values" / "ibsi1_digital_phantom"
PYRADIOMICS = {
    name: Path("tumour_labels") / f"pyradiomics_{name}" / f"{name}_{{}}{end}.nrrd"
    for name, end in (("brain1", ""), ("breast1", ""), ("lung1", "_cropped"))
}


def facts() -> list[dict[str, str]]:
    path = REAL_SCANS / "FACTS_labels.csv"
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def named(row: dict[str, str]) -> str:
    return "/".join(row["mask"].split("/")[-2:])


def image_path(name: str) -> Path:
    """`.../image` stands for the image files of a DICOM folder, which lie in it."""
    path = REAL_SCANS / name
    return path if path.exists() else path.parent


@lru_cache(maxsize=64)
def measured(image: str, mask: str, label: int = 1) -> LesionMeasurement:
    volume = read_volume(image_path(image))
    return measure_lesion(volume, read_mask(REAL_SCANS / mask, like=volume, label=label))


def reference(path: Path, key: str, value: str, delimiter: str = ",") -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as lines:
        return {row[key]: row[value] for row in csv.DictReader(lines, delimiter=delimiter)}


@pytest.mark.parametrize("row", facts(), ids=named)
def test_a_real_label_measures_what_the_facts_say(row):
    found = measured(row["image"], row["mask"], int(row["label"]))

    _, j, i = found.nominal_spacing_mm
    assert found.n_voxels == int(row["voxels"])
    assert found.n_components == int(row["n_components"])
    assert found.volume_mm3 == pytest.approx(1000 * float(row["volume_voxel_mL"]), rel=1e-3)
    assert found.mesh_volume_mm3 == pytest.approx(1000 * float(row["volume_mesh_mL"]), rel=1e-3)
    assert found.longest_3d_diameter_mm == pytest.approx(float(row["max3d_diameter_mesh_mm"]), abs=0.1)
    # The facts run between pixel corners, ours between points of the iso-0.5 contour.
    corner_mm = float(row["corner_axial_long_mm"])
    assert corner_mm - np.hypot(j, i) <= found.longest_axial_diameter_mm <= corner_mm
    assert found.ld_slice == int(row["axial_slice_index"])
    assert found.mean == pytest.approx(float(row["mean_intensity"]), abs=0.001)
    assert found.median == pytest.approx(float(row["median_intensity"]))
    assert (found.minimum, found.maximum) == (float(row["min"]), float(row["max"]))


@pytest.mark.parametrize("row", facts(), ids=named)
def test_a_real_label_keeps_the_laws_of_sizes(row):
    found = measured(row["image"], row["mask"], int(row["label"]))

    assert 0 < found.short_axis_mm <= found.longest_axial_diameter_mm <= found.longest_3d_diameter_mm + 1e-9
    assert found.craniocaudal_length_mm <= found.longest_3d_diameter_mm + 1e-9
    # Nothing with this 3D diameter is larger than a ball; 2 % for counting voxels.
    assert found.volume_mm3 <= np.pi / 6 * found.longest_3d_diameter_mm**3 * 1.02


def test_the_ibsi_digital_phantom_lies_within_its_tolerances():
    with (IBSI / "ibsi_1_dig_phantom.csv").open(newline="", encoding="utf-8") as lines:
        values = {row["tag"]: row for row in csv.DictReader(lines, delimiter=";")}
    found = measured(
        "reference_values/ibsi1_digital_phantom/nifti/image/phantom.nii.gz",
        "reference_values/ibsi1_digital_phantom/nifti/mask/mask.nii.gz",
    )

    for tag, number in (
        ("morph_volume", found.mesh_volume_mm3),
        ("morph_vol_approx", found.volume_mm3),
        ("morph_area_mesh", found.surface_mm2),
        ("morph_av", found.surface_mm2 / found.mesh_volume_mm3),
        ("morph_diam", found.longest_3d_diameter_mm),
        ("stat_mean", found.mean),
        ("stat_var", found.sd**2),
        ("stat_median", found.median),
        ("stat_min", found.minimum),
        ("stat_max", found.maximum),
        ("stat_p10", found.p10),
        ("stat_p90", found.p90),
    ):
        # Reference values have three digits; a tolerance of 0 means: equal to three digits.
        value, tolerance = float(values[tag]["reference value"]), float(values[tag]["tolerance"])
        assert number == pytest.approx(value, abs=tolerance or 0.005 * value), tag


@pytest.mark.parametrize("name", PYRADIOMICS)
def test_pyradiomics_agrees_where_its_definition_is_ours(name):
    folder = REAL_SCANS / "reference_values"
    shape = reference(folder / "pyradiomics_baseline_shape.csv", "featureName", name)
    order = reference(folder / "pyradiomics_baseline_firstorder.csv", "featureName", name)
    path = str(PYRADIOMICS[name])

    found = measured(path.format("image"), path.format("label"))

    assert found.volume_mm3 == pytest.approx(float(shape["original_shape_VoxelVolume"]), rel=1e-6)
    # Another table of triangles where voxels touch at corners: brain1 differs by 0.02 %, its area by 0.5 %.
    mesh, area = (float(shape[f"original_shape_{feature}"]) for feature in ("MeshVolume", "SurfaceArea"))
    assert found.mesh_volume_mm3 == pytest.approx(mesh, rel=3e-4 if name == "brain1" else 1e-6)
    assert found.surface_mm2 == pytest.approx(area, rel=5e-3 if name == "brain1" else 1e-6)
    assert found.longest_3d_diameter_mm == pytest.approx(
        float(shape["original_shape_Maximum3DDiameter"]), rel=1e-6
    )
    for feature, number in (
        ("Mean", found.mean),
        ("Variance", found.sd**2),
        ("Median", found.median),
        ("10Percentile", found.p10),
        ("90Percentile", found.p90),
        ("Minimum", found.minimum),
        ("Maximum", found.maximum),
    ):
        assert number == pytest.approx(float(order[f"original_firstorder_{feature}"]), rel=1e-9), feature


@pytest.mark.parametrize("name", PYRADIOMICS)
def test_pyradiomics_diameter_in_a_slice_also_joins_vertices_between_slices(name):
    """Its Maximum2DDiameterSlice takes mesh vertices of equal height, half-way ones too: never less."""
    shape = reference(REAL_SCANS / "reference_values" / "pyradiomics_baseline_shape.csv", "featureName", name)
    path = str(PYRADIOMICS[name])
    between_vertices_mm = float(shape["original_shape_Maximum2DDiameterSlice"])

    ours = measured(path.format("image"), path.format("label")).longest_axial_diameter_mm

    assert ours <= between_vertices_mm + 1e-6
