"""Arrays as the bytes that an nnInteractive server sends and takes ("NNIA", version 1).

Little-endian: magic "NNIA", then one byte each for version, codec (1 zstd, 2 lz4), number of axes and length
of the dtype's name; the name; 8 bytes for each axis; 4 bytes for the number of chunks; for each chunk its
plain and packed length (8 bytes each) and its Blosc2 bytes. Source: `inference/remote/serialization.py` of
nnInteractive 2 (Apache-2.0), whose format is written here anew.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import GistImagingError

__all__ = ["packed_array", "unpacked_array"]

_MAGIC, _VERSION, _ZSTD = b"NNIA", 1, 1
_CODECS = (1, 2)
# Blosc2 takes at most 2 GiB at once, and the server cuts at 1 GiB; less of it at a time needs less memory
# and lets other threads in between.
_CHUNK_BYTES = 1 << 25
_LEVEL = 3
# In a Blosc2 chunk, the plain length stands in bytes 4 to 7.
_BLOSC_HEADER, _BLOSC_PLAIN_AT = 32, 4


def packed_array(values: npt.NDArray[Any]) -> bytes:
    """Return `values` in the wire format."""
    import imagecodecs

    values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    name = values.dtype.name.encode("ascii")
    raw = values.reshape(-1).view(np.uint8)
    starts = range(0, raw.size, _CHUNK_BYTES)
    parts = [
        struct.pack("<4sBBBB", _MAGIC, _VERSION, _ZSTD, values.ndim, len(name)),
        name,
        struct.pack(f"<{values.ndim}q", *values.shape),
        struct.pack("<I", len(starts)),
    ]
    for start in starts:
        plain = raw[start : start + _CHUNK_BYTES]
        chunk = bytes(
            imagecodecs.blosc2_encode(  # any buffer will do, which its types do not say
                plain,  # type: ignore[arg-type]
                level=_LEVEL,
                compressor="zstd",
                shuffle=True,
                typesize=values.dtype.itemsize,
            )
        )
        parts += [struct.pack("<QQ", plain.size, len(chunk)), chunk]
    return b"".join(parts)


def unpacked_array(content: bytes, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return the array of numbers in `content`, which must have `shape`; nothing larger is unpacked.

    Raises
    ------
    GistImagingError
        If the bytes are no such array.
    """
    try:
        return _unpacked(content, shape)
    except (struct.error, TypeError, ValueError, IndexError, UnicodeDecodeError) as error:
        raise _broken(type(error).__name__) from error


def _unpacked(content: bytes, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    magic, version, codec, n_axes, name_length = struct.unpack_from("<4sBBBB", content, 0)
    if magic != _MAGIC or version != _VERSION or codec not in _CODECS:
        raise _broken(f"format {magic!r}, version {version}, codec {codec}")
    at = 8 + name_length
    dtype = np.dtype(content[8:at].decode("ascii"))
    stated = struct.unpack_from(f"<{n_axes}q", content, at)
    if dtype.kind not in "buif" or stated != shape:
        raise _broken(f"{dtype} of shape {stated} where {shape} was asked for")
    at += 8 * n_axes
    (n_chunks,) = struct.unpack_from("<I", content, at)
    at += 4
    wanted = math.prod(shape) * dtype.itemsize
    plain: list[bytes] = []
    n_bytes = 0
    for _ in range(n_chunks):
        plain_length, packed_length = struct.unpack_from("<QQ", content, at)
        at += 16
        n_bytes += plain_length
        if n_bytes > wanted:
            raise _broken("more values than its shape has")
        plain.append(_chunk(content[at : at + packed_length], plain_length))
        at += packed_length
    if n_bytes != wanted:
        raise _broken(f"{n_bytes} bytes of values where {wanted} belong")
    return np.frombuffer(b"".join(plain), dtype=dtype.newbyteorder("<")).reshape(shape)


def _chunk(packed: bytes, plain_length: int) -> bytes:
    import imagecodecs

    # Checked before unpacking, so that a false length cannot claim memory.
    if len(packed) < _BLOSC_HEADER or (
        int.from_bytes(packed[_BLOSC_PLAIN_AT : _BLOSC_PLAIN_AT + 4], "little") != plain_length
    ):
        raise _broken("a chunk that contradicts its length")
    try:
        plain = bytes(imagecodecs.blosc2_decode(packed))
    except imagecodecs.Blosc2Error as error:
        raise _broken("a chunk that cannot be unpacked") from error
    if len(plain) != plain_length:
        raise _broken("a chunk that contradicts its length")
    return plain


def _broken(found: str) -> GistImagingError:
    return GistImagingError(
        "the server answers with an array (NNIA version 1)",
        f"found {found}",
        "check that it is an nnInteractive server of version 2",
    )
