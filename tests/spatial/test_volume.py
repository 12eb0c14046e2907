from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from strategies import oblique_geometry

from gist_imaging.errors import GeometryError, GistImagingError
from gist_imaging.problems import Code, Override
from gist_imaging.spatial import Quantity, Volume


def ramp(dtype: str = "<i2") -> Volume:
    grid = oblique_geometry(shape=(3, 4, 5))
    return Volume(np.arange(60, dtype=dtype).reshape(3, 4, 5), grid, series_uid="1.2.3")


def test_voxels_cannot_be_changed_through_the_volume():
    with pytest.raises(ValueError, match="read-only"):
        ramp().voxels[0, 0, 0] = 1


def test_voxels_and_grid_have_one_shape():
    with pytest.raises(GeometryError, match="one shape"):
        Volume(np.zeros((3, 4, 4)), oblique_geometry(shape=(3, 4, 5)))


@pytest.mark.parametrize("dtype", [np.bool_, np.complex64])
def test_intensities_are_numbers(dtype):
    with pytest.raises(GeometryError, match="integers or floats"):
        Volume(np.zeros((3, 4, 5), dtype), oblique_geometry(shape=(3, 4, 5)))


def test_values_have_no_unit_until_somebody_states_one():
    assert ramp().quantity is Quantity.ARBITRARY
    assert ramp().stating(Quantity.HU).quantity is Quantity.HU


def test_the_hash_is_that_of_values_and_place_not_of_memory():
    volume = ramp()
    fortran = replace(volume, voxels=np.asfortranarray(volume.voxels))
    big = replace(volume, voxels=volume.voxels.astype(">i2"))

    assert volume.sha256() == fortran.sha256() == big.sha256()
    assert volume.sha256() == replace(volume, series_uid="9.9").sha256()


def test_another_value_place_or_type_is_another_hash():
    volume = ramp()
    moved = replace(volume, geometry=oblique_geometry(shape=(3, 4, 5), origin_mm=(-63.0, 41.5, -318.3)))
    other = volume.voxels.copy()
    other[2, 3, 4] += 1

    hashes = {
        volume.sha256(),
        moved.sha256(),
        replace(volume, voxels=other).sha256(),
        replace(volume, voxels=volume.voxels.astype("i4")).sha256(),
    }
    assert len(hashes) == 4


def test_the_hash_ignores_the_sign_of_zero_in_the_affine():
    volume = ramp()
    negative = volume.geometry.affine.copy()
    negative[np.abs(negative) < 1e-12] = -0.0

    assert replace(volume, geometry=replace(volume.geometry, affine=negative)).sha256() == volume.sha256()


def test_only_gate_errors_are_overridden_and_only_with_a_reason():
    assert Override(Code.TILT, "phantom scan, tilt known").code is Code.TILT
    with pytest.raises(GistImagingError, match="needs a reason"):
        Override(Code.TILT, "  ")
    with pytest.raises(GistImagingError, match="only errors"):
        Override(Code.THICK_SLICES, "because")
