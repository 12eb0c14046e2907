"""NIfTI-1 and NIfTI-2 single files: images and label masks.

A NIfTI grid is stated in RAS millimetres with indices (i, j, k); here it becomes LPS and (k, j, i) without
resampling. The sform is taken when its code is above 0, else the qform; a file that states neither has no
place in a patient and is refused. Units of metres and micrometres are converted; an unknown unit is taken as
the millimetre, which the format's documentation calls its default for space.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GeometryError, GistImagingError, IntakeError
from gist_imaging.io.file_grid import grid_of
from gist_imaging.io.labels import LabelImage, labels_from
from gist_imaging.io.limits import Limits
from gist_imaging.io.regular_file import open_regular
from gist_imaging.io.worker import shared_worker
from gist_imaging.problems import Code, Problem
from gist_imaging.spatial.volume import Volume

__all__ = ["decode_nifti", "is_nifti", "read_nifti_labels", "read_nifti_volume"]

# A large file on a slow disk, gunzipped.
_CALL_SECONDS = 120.0

_GZIP_MARK = b"\x1f\x8b"
# sizeof_hdr of NIfTI-1 and NIfTI-2, and where their magic stands.
_NIFTI_1_BYTES, _NIFTI_2_BYTES = 348, 540
_NIFTI_1_MAGIC_AT, _NIFTI_2_MAGIC_AT = 344, 4
# Extensions lie between the header and the voxels; the largest in use hold a few DICOM headers.
_VOXELS_BEGIN_AT_MOST = 64 * 1024 * 1024

# sform and qform may differ by the rounding of a quaternion (float32), which is far below this part of the
# smallest voxel edge; beyond it, and beyond 0.01 mm, the file contradicts itself.
_DISAGREE_BEYOND_EDGE = 0.1
_DISAGREE_BEYOND_MM = 0.01

_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # xyzt_units & 7: unknown, metre, mm, micrometre
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_nifti_volume(path: str | Path) -> Volume:
    """Return the image in a NIfTI file (.nii, .nii.gz), slope and intercept applied.

    Integers without a slope stay what they are. What the values mean is not in the file: the quantity is
    ARBITRARY until somebody states it.

    Raises
    ------
    GeometryError
        If the file does not say where its voxels lie, contradicts itself, or its grid is sheared.
    IntakeError
        If the file is refused.
    """
    path = Path(path)
    voxels, affine = _decoded(path)
    return Volume(voxels, grid_of(voxels.shape, affine, path.name))


def read_nifti_labels(path: str | Path) -> LabelImage:
    """Return the labels in a NIfTI file; floating point is taken when every value is a whole number."""
    path = Path(path)
    values, affine = _decoded(path)
    return LabelImage(labels_from(values, path.name), grid_of(values.shape, affine, path.name))


def is_nifti(head: bytes) -> bool:
    """Return whether a file that begins with `head` (unpacked, 352 bytes or more) is NIfTI."""
    for order in ("little", "big"):
        size = int.from_bytes(head[:4], order)
        if size == _NIFTI_1_BYTES and head[_NIFTI_1_MAGIC_AT : _NIFTI_1_MAGIC_AT + 3] in (b"n+1", b"ni1"):
            return True
        if size == _NIFTI_2_BYTES and head[_NIFTI_2_MAGIC_AT : _NIFTI_2_MAGIC_AT + 3] in (b"n+2", b"ni2"):
            return True
    return False


def _decoded(path: Path) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    values: tuple[npt.NDArray[Any], npt.NDArray[np.float64]] = shared_worker().call(
        "gist_imaging.io.nifti:decode_nifti", str(path), timeout_s=_CALL_SECONDS, file=path.name
    )
    return values


def decode_nifti(path: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Return voxels (k, j, i) and affine (index to LPS mm) of a NIfTI file; runs in the decoding process."""
    name = Path(path).name
    stream, size = open_regular(path, name)
    with stream:
        if size > Limits().file_at_most_bytes:
            raise _refused(Code.LIMIT_SIZE, f"{size} bytes are more than a scan has", name)
        packed = stream.read(2) == _GZIP_MARK
        stream.seek(0)
        unpacked: IO[bytes] = gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[assignment]
        try:
            return _parsed(unpacked, name)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise _refused(Code.TRUNCATED, "it ends before its last voxel", name) from None


def _parsed(stream: IO[bytes], name: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    head = stream.read(_NIFTI_2_BYTES)
    if not is_nifti(head):
        raise _refused(Code.BAD_VALUE, "a NIfTI file was expected, but its header is another", name)
    header = _header(head, name)
    shape = _shape(header, name)
    dtype = np.dtype(header.get_data_dtype())
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise _refused(Code.BAD_VALUE, f"one number a voxel was expected, but it holds {dtype}", name)
    affine = _affine(header, shape, name)
    stored = _stored(stream, header, shape, dtype, name)
    return _scaled(stored, header, name), affine


def _header(head: bytes, name: str) -> Any:
    import nibabel
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    is_first = _NIFTI_1_BYTES in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
    size = _NIFTI_1_BYTES if is_first else _NIFTI_2_BYTES
    kind: Any = nibabel.Nifti1Header if is_first else nibabel.Nifti2Header
    try:
        header: Any = kind(head[:size], check=True)
        if bytes(header["magic"])[1:2] != b"+":
            raise _refused(
                Code.BAD_VALUE, "header and voxels in one file (.nii), but they are in two (.hdr, .img)", name
            )
        header.get_data_dtype()
    except (HeaderDataError, WrapStructError, KeyError):
        raise _refused(Code.BAD_VALUE, "its NIfTI header breaks the format", name) from None
    return header


def _shape(header: Any, name: str) -> tuple[int, int, int]:
    """Return (i, j, k); one volume only."""
    n_axes = int(header["dim"][0])
    sizes = [int(n) for n in header["dim"][1 : 1 + n_axes]] if 0 < n_axes < 8 else []
    if len(sizes) < 3 or min(sizes) < 1 or any(n != 1 for n in sizes[3:]):
        raise GeometryError(
            f"{name}: one volume of three axes",
            f"found axes of {' x '.join(map(str, sizes)) or 'no size'}",
            "save the volume to be measured as a file of its own",
        )
    return sizes[0], sizes[1], sizes[2]


def _affine(header: Any, shape: tuple[int, int, int], name: str) -> npt.NDArray[np.float64]:
    unit = int(header["xyzt_units"]) & 7
    if unit not in _MM_PER_UNIT:
        raise GeometryError(
            f"{name}: lengths in metre, mm or micrometre", f"found unit {unit}", "write the file again"
        )
    to_ras = _stated_affine(header, shape, name).copy()
    to_ras[:3] *= _MM_PER_UNIT[unit]
    return np.asarray(_RAS_TO_LPS @ to_ras[:, [2, 1, 0, 3]], dtype=np.float64)


def _stated_affine(header: Any, shape: tuple[int, int, int], name: str) -> npt.NDArray[np.float64]:
    """Return the sform where its code is above 0, else the qform; index (i, j, k) to RAS, in file units."""
    sform = header.get_sform().astype(np.float64) if int(header["sform_code"]) > 0 else None
    try:
        qform = header.get_qform().astype(np.float64) if int(header["qform_code"]) > 0 else None
    except ValueError:
        raise GeometryError(
            f"{name}: a qform is a rotation", "its quaternion is none", "write the file again with an sform"
        ) from None
    if sform is None:
        if qform is None:
            raise GeometryError(
                f"{name}: a file says where its voxels lie",
                "its sform and qform codes are both 0",
                "convert the DICOM series again (dcm2niix), or set the sform",
            )
        return np.asarray(qform)
    if qform is not None:
        _check_they_agree(sform, qform, shape, name)
    return np.asarray(sform)


def _check_they_agree(
    sform: npt.NDArray[np.float64], qform: npt.NDArray[np.float64], shape: tuple[int, int, int], name: str
) -> None:
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.asarray(shape) - 1)
    apart = np.linalg.norm(corners @ (sform - qform)[:3, :3].T + (sform - qform)[:3, 3], axis=1).max()
    smallest_edge = np.linalg.norm(sform[:3, :3], axis=0).min()
    if not apart <= max(_DISAGREE_BEYOND_MM, _DISAGREE_BEYOND_EDGE * smallest_edge):
        raise GeometryError(
            f"{name}: sform and qform place the voxels alike",
            f"their corners lie up to {apart:.3g} apart",
            "find out which of the two is right and write the file again with that one alone",
        )


def _stored(
    stream: IO[bytes], header: Any, shape: tuple[int, int, int], dtype: np.dtype[Any], name: str
) -> npt.NDArray[Any]:
    """Return the stored values as (k, j, i), in this machine's byte order."""
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if n_bytes > Limits().decoded_bytes_at_most:
        raise _refused(Code.LIMIT_MEMORY, f"its {n_bytes} bytes of voxels are more than are decoded", name)
    begin = float(header["vox_offset"])
    if not header.sizeof_hdr <= begin <= _VOXELS_BEGIN_AT_MOST or begin != int(begin):
        raise _refused(Code.BAD_VALUE, f"its voxels cannot begin at byte {begin:g}", name)
    stream.seek(int(begin))
    values = np.empty(shape[::-1], dtype=dtype)
    # A view of bytes, filled from the stream: no second copy of the volume.
    raw = values.reshape(-1).view(np.uint8).data
    done = 0
    while done < n_bytes:
        got = stream.readinto(raw[done:])  # type: ignore[attr-defined]
        if not got:
            raise _refused(
                Code.TRUNCATED, f"{n_bytes} bytes of voxels were expected, but it holds {done}", name
            )
        done += got
    # At the end of a packed file its checksum is checked.
    stream.read(1)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _scaled(stored: npt.NDArray[Any], header: Any, name: str) -> npt.NDArray[Any]:
    """Return slope x stored + intercept in double precision; a slope of 0 or NaN means none (NIfTI-1)."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0.0 or (slope == 1.0 and intercept == 0.0):
        return stored
    if not np.isfinite(intercept):
        raise _refused(Code.BAD_VALUE, f"an intercept was expected, but it is {intercept}", name)
    return stored * np.float64(slope) + np.float64(intercept)


def _refused(code: Code, message: str, name: str) -> GistImagingError:
    return IntakeError(Problem(code, message, name))
