"""Voxel grids in the patient, and what lies on them; no files."""

from gist_imaging.spatial.geometry import Geometry, plane_of, same_spacing
from gist_imaging.spatial.mask import Mask, PackedMask
from gist_imaging.spatial.slice_number import slice_number
from gist_imaging.spatial.volume import Quantity, Volume

__all__ = ["Geometry", "Mask", "PackedMask", "Quantity", "Volume", "plane_of", "same_spacing", "slice_number"]
