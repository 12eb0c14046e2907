"""NRRD and NHDR files: images and label masks, with the names that 3D Slicer gives its segments.

Only files that state their space are read: "left-posterior-superior" and its sisters, with a direction for
every axis and an origin. What is left out (a missing space, a spacing without directions) is refused, never
guessed. Voxels may be raw, gzip or bzip2; a header's data file must lie beside it.
"""

from __future__ import annotations

import bz2
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
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

__all__ = ["NRRD_MARK", "decode_nrrd", "read_nrrd_labels", "read_nrrd_volume"]

NRRD_MARK = b"NRRD000"

_CALL_SECONDS = 120.0
_LINE_AT_MOST = 1024 * 1024
_LINES_AT_MOST = 100_000
_READ_BYTES = 1024 * 1024

# Type names of the NRRD format, section "type"; "block" has no number type.
_TYPES = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1",
    "uchar": "u1", "unsigned char": "u1", "uint8": "u1", "uint8_t": "u1",
    "short": "i2", "short int": "i2", "signed short": "i2", "signed short int": "i2",
    "int16": "i2", "int16_t": "i2",
    "ushort": "u2", "unsigned short": "u2", "unsigned short int": "u2", "uint16": "u2", "uint16_t": "u2",
    "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4",
    "uint": "u4", "unsigned int": "u4", "uint32": "u4", "uint32_t": "u4",
    "longlong": "i8", "long long": "i8", "long long int": "i8", "signed long long": "i8",
    "signed long long int": "i8", "int64": "i8", "int64_t": "i8",
    "ulonglong": "u8", "unsigned long long": "u8", "unsigned long long int": "u8",
    "uint64": "u8", "uint64_t": "u8",
    "float": "f4", "double": "f8",
}  # fmt: skip

# Space names, and the signs that take their axes to left, posterior, superior.
_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}

_SEGMENT_FIELD = re.compile(r"Segment(\d+)_(Name|LabelValue)")


@dataclass(frozen=True, slots=True)
class _Header:
    """The fields (lower case) and the key/value pairs of a header."""

    fields: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)

    def required(self, name: str, file: str) -> str:
        if name not in self.fields:
            raise IntakeError(Problem(Code.BAD_VALUE, f"its header should say {name!r}", file))
        return self.fields[name]


def read_nrrd_volume(path: str | Path) -> Volume:
    """Return the image in an NRRD or NHDR file; what its values mean is not in the file (ARBITRARY)."""
    path = Path(path)
    voxels, affine, _ = _decoded(path)
    return Volume(voxels, grid_of(voxels.shape, affine, path.name))


def read_nrrd_labels(path: str | Path) -> LabelImage:
    """Return the labels in an NRRD or NHDR file, with the segment names of 3D Slicer where they stand."""
    path = Path(path)
    values, affine, names = _decoded(path)
    return LabelImage(labels_from(values, path.name), grid_of(values.shape, affine, path.name), names)


def _decoded(path: Path) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64], dict[int, str]]:
    values: tuple[npt.NDArray[Any], npt.NDArray[np.float64], dict[int, str]] = shared_worker().call(
        "gist_imaging.io.nrrd:decode_nrrd", str(path), timeout_s=_CALL_SECONDS, file=path.name
    )
    return values


def decode_nrrd(path: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64], dict[int, str]]:
    """Return voxels (k, j, i), affine (index to LPS mm) and label names; runs in the decoding process."""
    name = Path(path).name
    stream, size = open_regular(path, name)
    with stream:
        if size > Limits().file_at_most_bytes:
            raise _refused(Code.LIMIT_SIZE, f"{size} bytes are more than a scan has", name)
        header = _header(stream, name)
        shape = _shape(header, name)
        dtype = _dtype(header, name)
        affine = _affine(header, name)
        detached = header.fields.get("data file", header.fields.get("datafile"))
        if detached is None:
            values = _values(stream, header, shape, dtype, name)
        else:
            with open_regular(_beside(path, detached, name), name)[0] as data:
                values = _values(data, header, shape, dtype, name)
    return values, affine, _segment_names(header)


def _header(stream: IO[bytes], name: str) -> _Header:
    if not stream.readline(_LINE_AT_MOST).startswith(NRRD_MARK):
        raise _refused(Code.BAD_VALUE, "an NRRD file was expected, but its first line is another", name)
    header = _Header()
    for _line in range(_LINES_AT_MOST):
        raw = stream.readline(_LINE_AT_MOST)
        line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        if not line:
            # An empty line ends the header; so does the end of a header without data of its own.
            return header
        if line.startswith("#"):
            continue
        key, is_pair, value = line.partition(":=")
        if is_pair:
            header.pairs[key] = value
            continue
        key, found, value = line.partition(": ")
        if not found:
            raise _refused(Code.BAD_VALUE, "a line of its header is no field", name)
        header.fields[key.strip().lower()] = value.strip()
    raise _refused(Code.BAD_VALUE, "its header does not end", name)


def _shape(header: _Header, name: str) -> tuple[int, int, int]:
    """Return (i, j, k), fastest axis first."""
    sizes = [int(n) for n in header.required("sizes", name).split() if n.isdecimal()]
    if header.required("dimension", name) != "3" or len(sizes) != 3 or min(sizes) < 1:
        raise GeometryError(
            f"{name}: one volume of three axes",
            f"found {header.fields['dimension']} axes of {' x '.join(map(str, sizes))}",
            "save one volume; overlapping segments go into a DICOM SEG or one file each",
        )
    return sizes[0], sizes[1], sizes[2]


def _dtype(header: _Header, name: str) -> np.dtype[Any]:
    stated = header.required("type", name).lower()
    if stated not in _TYPES:
        raise _refused(Code.BAD_VALUE, "one number a voxel was expected, but its type is another", name)
    dtype = np.dtype(_TYPES[stated])
    if dtype.itemsize == 1:
        return dtype
    endian = header.required("endian", name).lower()
    if endian not in ("little", "big"):
        raise _refused(Code.BAD_VALUE, "its byte order is neither little nor big", name)
    return dtype.newbyteorder("<" if endian == "little" else ">")


def _affine(header: _Header, name: str) -> npt.NDArray[np.float64]:
    space = header.fields.get("space", "").lower()
    directions = _vectors(header.fields.get("space directions", ""))
    origin = _vectors(header.fields.get("space origin", ""))
    if space not in _TO_LPS or len(directions) != 3 or len(origin) != 1:
        missing = [
            field_name
            for field_name, is_there in (
                ("space", space in _TO_LPS),
                ("space directions", len(directions) == 3),
                ("space origin", len(origin) == 1),
            )
            if not is_there
        ]
        raise GeometryError(
            f"{name}: a file says where its voxels lie (space, space directions, space origin)",
            f"not stated, or not in words that are known: {', '.join(missing)}",
            "save the file again with its patient space (3D Slicer writes it)",
        )
    if any(unit != "mm" for unit in re.findall(r'"([^"]*)"', header.fields.get("space units", ""))):
        raise GeometryError(f"{name}: lengths in mm", "its space units are others", "write the file again")
    affine = np.eye(4)
    affine[:3, :3] = np.array(directions[::-1]).T
    affine[:3, 3] = origin[0]
    affine[:3] *= np.array(_TO_LPS[space])[:, np.newaxis]
    return affine


def _vectors(text: str) -> list[tuple[float, float, float]]:
    """Return the vectors "(x,y,z)" of a field; an empty list when one is not of three numbers."""
    vectors = []
    for inside in re.findall(r"\(([^)]*)\)", text):
        try:
            x, y, z = (float(number) for number in inside.split(","))
        except ValueError:
            return []
        vectors.append((x, y, z))
    return vectors if "none" not in text else []


def _values(
    stream: IO[bytes], header: _Header, shape: tuple[int, int, int], dtype: np.dtype[Any], name: str
) -> npt.NDArray[Any]:
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if n_bytes > Limits().decoded_bytes_at_most:
        raise _refused(Code.LIMIT_MEMORY, f"its {n_bytes} bytes of voxels are more than are decoded", name)
    for skip in ("line skip", "lineskip", "byte skip", "byteskip"):
        if header.fields.get(skip, "0") != "0":
            raise _refused(Code.BAD_VALUE, f"voxels at once after the header, but it says {skip!r}", name)
    encoding = header.required("encoding", name).lower()
    values = np.empty(shape[::-1], dtype=dtype)
    _fill(values.reshape(-1).view(np.uint8).data, _unpacked(stream, encoding, name), name)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _unpacked(stream: IO[bytes], encoding: str, name: str) -> Iterable[bytes]:
    """Yield the bytes of the voxels in pieces of bounded size."""
    if encoding == "raw":
        return iter(lambda: stream.read(_READ_BYTES), b"")
    if encoding in ("gzip", "gz"):
        return _gunzipped(stream)
    if encoding in ("bzip2", "bz2"):
        unzipped = bz2.BZ2File(stream)
        return iter(lambda: unzipped.read(_READ_BYTES), b"")
    raise _refused(Code.BAD_VALUE, "voxels are raw, gzip or bzip2, but its encoding is another", name)


def _gunzipped(stream: IO[bytes]) -> Iterable[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    while packed := stream.read(_READ_BYTES):
        while packed:
            yield inflate.decompress(packed, _READ_BYTES)
            packed = inflate.unconsumed_tail
    if not inflate.eof:
        raise EOFError


def _fill(raw: memoryview, pieces: Iterable[bytes], name: str) -> None:
    done = 0
    try:
        # To the very end, so that the checksum of a packed file is checked.
        for piece in pieces:
            if len(piece) > len(raw) - done:
                raise _refused(Code.PIXEL_LENGTH_MISMATCH, "it holds more voxels than its sizes say", name)
            raw[done : done + len(piece)] = piece
            done += len(piece)
    except (zlib.error, OSError, EOFError):
        raise _refused(Code.TRUNCATED, "its voxels do not unpack", name) from None
    if done < len(raw):
        raise _refused(Code.TRUNCATED, f"{len(raw)} bytes of voxels were expected, but it holds {done}", name)


def _beside(path: str, detached: str, name: str) -> str:
    """Return the data file that lies beside its header."""
    if Path(detached).name != detached or detached.upper().startswith("LIST") or "%" in detached:
        raise _refused(
            Code.LINK_OUTSIDE_ROOT, "one data file in the folder of its header, but it names another", name
        )
    data_file = Path(path).parent / detached
    if data_file.is_symlink():
        raise _refused(Code.LINK_OUTSIDE_ROOT, "a data file was expected, but it is a link", name)
    return str(data_file)


def _segment_names(header: _Header) -> dict[int, str]:
    """Return the names by label value that 3D Slicer writes ("Segment0_Name", "Segment0_LabelValue")."""
    segments: dict[str, dict[str, str]] = {}
    for key, value in header.pairs.items():
        if match := _SEGMENT_FIELD.fullmatch(key):
            segments.setdefault(match[1], {})[match[2]] = value.strip()
    return {
        int(facts["LabelValue"]): facts["Name"]
        for facts in segments.values()
        if "Name" in facts and facts.get("LabelValue", "").isdecimal()
    }


def _refused(code: Code, message: str, name: str) -> GistImagingError:
    return IntakeError(Problem(code, message, name))
