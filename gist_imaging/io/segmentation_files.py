"""What a segmentation leaves on disk: the mask, and a picture to check it by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gist_imaging.io.mask_write import check_writable, write_mask
from gist_imaging.segment.confidence import Confidence
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume

__all__ = ["Segmentation", "SegmentationFiles"]


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A mask that was made and written.

    Parameters
    ----------
    method : the name of the method
    mask : what it made
    mask_file, preview : where it was written
    confidence : how sure it is; None where the method does not say
    """

    method: str
    mask: Mask
    mask_file: Path
    preview: Path | None
    confidence: Confidence | None = None

    @property
    def touches_edge(self) -> bool:
        """Whether the mask reaches the border of the image, which may cut it off."""
        box = self.mask.bounding_box
        return box is not None and any(
            start == 0 or start + size == n
            for start, size, n in zip(*box, self.mask.geometry.shape, strict=True)
            if n > 1
        )

    def to_json(self) -> dict[str, Any]:
        """Return what was made as plain values for `json.dumps`."""
        return {
            "method": self.method,
            "mask": str(self.mask_file),
            "preview": None if self.preview is None else str(self.preview),
            "n_voxels": self.mask.n_voxels,
            "volume_mm3": self.mask.n_voxels * self.mask.geometry.voxel_volume_mm3,
            "touches_edge": self.touches_edge,
            "confidence": None if self.confidence is None else self.confidence.to_json(),
            "provenance": self.mask.provenance.to_json(),
        }


@dataclass(frozen=True, slots=True)
class SegmentationFiles:
    """Where a segmentation is to be written; refused at birth, before the work, where it cannot be.

    Parameters
    ----------
    mask : ends with .nii.gz; its folder exists
    preview : ends with .png, or None for no picture
    overwrite : replace files that are there

    Raises
    ------
    GistImagingError
        If a name ends otherwise, a folder is missing, or a file is there and may not be replaced.
    """

    mask: Path
    preview: Path | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_writable(self.mask, ".nii.gz", overwrite=self.overwrite)
        if self.preview is not None:
            check_writable(self.preview, ".png", overwrite=self.overwrite)

    def write(
        self,
        volume: Volume,
        mask: Mask,
        method: str,
        prompts: PromptLog | None = None,
        confidence: Confidence | None = None,
    ) -> Segmentation:
        """Write the mask, then the picture with what was drawn, and return both."""
        write_mask(self.mask, mask, overwrite=self.overwrite)
        if self.preview is not None:
            from gist_imaging.io.mask_picture import write_mask_picture

            write_mask_picture(self.preview, volume, mask, prompts, overwrite=self.overwrite)
        return Segmentation(method, mask, self.mask, self.preview, confidence)
