"""Masks as NIfTI-1 label files (.nii.gz): the same mask gives the same bytes, and no file is lost.

The grid stands in the sform in single precision, which keeps positions within 0.001 mm, and in the qform
where its quaternion does so too: near a half turn it cannot, and then the qform says that it is not given
rather than something a little different. Reading with the image (`read_mask(path, like=volume)`) gives the
image's own grid. How the mask came about stands as JSON in a header extension (code 6, a comment), which
other programs pass over.
"""

from __future__ import annotations

import gzip
import io
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from gist_imaging.errors import GistImagingError
from gist_imaging.provenance import canonical_json
from gist_imaging.spatial.geometry import FloatArray
from gist_imaging.spatial.mask import Mask

__all__ = ["check_writable", "nifti_bytes", "write_bytes_once", "write_mask"]

_SUFFIX = ".nii.gz"
_LABEL = 1
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
# xform code 1: in the scanner's own frame. Extension code 6: a comment.
_SCANNER, _COMMENT = 1, 6
_NOT_GIVEN = 0
# NIfTI stores three parts of a unit quaternion in single precision and derives the fourth as a square root,
# which near 0 is only right to about 0.0005.
_QFORM_WITHIN_MM = 1e-3


def write_mask(path: str | Path, mask: Mask, *, overwrite: bool = False) -> Path:
    """Write `mask` as a label file: 1 inside, 0 outside.

    The file appears whole or not at all.

    Parameters
    ----------
    path : ends with .nii.gz; its folder exists
    overwrite : replace a file that is there

    Raises
    ------
    GistImagingError
        If the name ends otherwise, there is no such folder, or the file is there already.
    """
    path = Path(path)
    check_writable(path, _SUFFIX, overwrite=overwrite)
    write_bytes_once(path, nifti_bytes(mask), overwrite=overwrite)
    return path


def nifti_bytes(mask: Mask) -> bytes:
    """Return the bytes of the label file of `mask`; the same mask gives the same bytes."""
    import nibabel

    to_ras = _LPS_TO_RAS @ mask.geometry.affine[:, [2, 1, 0, 3]]
    kind: Any = nibabel.Nifti1Image
    image = kind(mask.voxels.astype(np.uint8).T * np.uint8(_LABEL), to_ras)
    image.set_sform(to_ras, _SCANNER)
    image.set_qform(to_ras, _SCANNER)
    if not _agrees(image.get_qform(), to_ras, mask.geometry.shape):
        image.set_qform(None, _NOT_GIVEN)
    image.header.set_xyzt_units("mm")
    image.header.set_intent("label", name=mask.structure[:15])
    provenance = {"structure": mask.structure, "provenance": mask.provenance.to_json()}
    image.header.extensions.append(
        nibabel.nifti1.Nifti1Extension(_COMMENT, canonical_json(provenance).encode("utf-8"))
    )
    packed = io.BytesIO()
    # No file name and no time in the gzip header.
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=6, mtime=0) as stream:
        stream.write(image.to_bytes())
    return packed.getvalue()


def _agrees(qform: FloatArray, to_ras: FloatArray, shape: tuple[int, int, int]) -> bool:
    last = np.array([*reversed(shape), 1]) - [1, 1, 1, 0]
    corners = np.array([(*corner, 1) for corner in np.ndindex(2, 2, 2)]) * last
    return bool(np.abs(corners @ (qform - to_ras).T).max() <= _QFORM_WITHIN_MM)


def check_writable(path: Path, suffix: str, *, overwrite: bool) -> None:
    """Raise GistImagingError unless a new file may be written at `path`; for use before long work."""
    if not path.name.lower().endswith(suffix) or path.name.lower() == suffix:
        raise GistImagingError(
            f"a file to write ends with {suffix}", f"got {path.name}", f"call it NAME{suffix}"
        )
    if not path.parent.is_dir():
        raise GistImagingError(
            f"{path.name} is written into a folder", "there is no such folder", "make the folder first"
        )
    if path.exists() and not overwrite:
        raise _is_there(path)


def write_bytes_once(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write `content` to `path`, whole or not at all; a file that is there is replaced only when told."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if overwrite:
            temporary.replace(path)
        else:
            _rename_once(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _rename_once(temporary: Path, path: Path) -> None:
    try:
        # A link, unlike a rename, never takes the place of another file.
        os.link(temporary, path)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError:
        # File systems without links: what came since the check is lost in a moment only.
        if path.exists():
            raise _is_there(path) from None
        temporary.replace(path)


def _is_there(path: Path) -> GistImagingError:
    return GistImagingError(
        f"{path.name} is a new file",
        "it is there already",
        "choose another name, or say --force to replace it",
    )
