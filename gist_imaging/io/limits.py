"""How much a file, a folder, an archive or a decoding call may ask for before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

_MIB = 1024 * 1024
_GIB = 1024 * _MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that no ordinary scan comes near and that a hostile file runs into.

    All bounds are inclusive: a file of exactly `file_at_most_bytes` is read.

    Parameters
    ----------
    file_at_least_bytes : a DICOM file has at least a preamble of 128 bytes and its 4-byte mark
    file_at_most_bytes : size of one file, and of one member of an archive when unpacked
    folder_depth_at_most : folders below the given one
    entries_at_most : files and folders below the given one
    archive_members_at_most : members of one zip
    archive_bytes_at_most : all members of one zip, unpacked
    archive_ratio_at_most : unpacked to packed size of one zip, once `archive_ratio_free_bytes` are unpacked
    inflated_bytes_at_most : a file of the Deflated transfer syntax, inflated
    decoded_bytes_at_most : rows x columns x frames x samples x bytes, checked before decoding
    worker_memory_bytes : address space of the decoding process above what it needs when idle (where the
        system can limit it: Linux; macOS and Windows leave it to the size checks above)
    call_seconds : one call of the decoding process; then it is killed and started again
    """

    file_at_least_bytes: int = 132
    file_at_most_bytes: int = 2 * _GIB
    folder_depth_at_most: int = 32
    entries_at_most: int = 200_000
    archive_members_at_most: int = 20_000
    archive_bytes_at_most: int = 4 * _GIB
    archive_ratio_at_most: int = 200
    archive_ratio_free_bytes: int = 10 * _MIB
    inflated_bytes_at_most: int = 64 * _MIB
    decoded_bytes_at_most: int = 1536 * _MIB
    worker_memory_bytes: int = 2 * _GIB
    call_seconds: float = 20.0
