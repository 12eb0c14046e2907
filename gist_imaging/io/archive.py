"""Zip archives, read member by member and never unpacked to disk; hostile ones are refused.

Members are known by their position, never by their name: names in archives of scans are often those of
patients, and may point anywhere.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from gist_imaging.errors import IntakeError
from gist_imaging.io.limits import Limits
from gist_imaging.io.regular_file import open_regular
from gist_imaging.problems import Code, Problem

__all__ = ["ZIP_MARKS", "member_bytes", "member_name", "member_positions"]

# A member, an empty archive, a spanned archive.
ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_NESTED_MARKS = (*ZIP_MARKS, b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xfd7zXZ", b"BZh")
_ENCRYPTED = 0x1


def member_name(archive_name: str, member: int) -> str:
    """Return what people are shown for a member.

    >>> member_name("scan.zip", 7)
    'scan.zip/0007'
    """
    return f"{archive_name}/{member:04d}"


def member_positions(path: Path, name: str, limits: Limits) -> tuple[int, ...]:
    """Return the positions of the members that are no folders, after checking the archive as a whole.

    Raises
    ------
    IntakeError
        TRUNCATED when the list of members is missing; LIMIT_FILES, LIMIT_SIZE or ARCHIVE_UNSAFE when it
        holds too many members, too many bytes, or inflates beyond the allowed ratio.
    """
    members = _last.get(path, name).infolist()
    if len(members) > limits.archive_members_at_most:
        at_most = limits.archive_members_at_most
        raise _refusal(Code.LIMIT_FILES, f"at most {at_most} members, it has {len(members)}", name)
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > limits.archive_bytes_at_most:
        at_most = limits.archive_bytes_at_most
        raise _refusal(Code.LIMIT_SIZE, f"at most {at_most} bytes unpacked, it says {unpacked}", name)
    if unpacked > limits.archive_ratio_free_bytes and unpacked > limits.archive_ratio_at_most * packed:
        at_most = limits.archive_ratio_at_most
        raise _refusal(Code.ARCHIVE_UNSAFE, f"it unpacks to more than {at_most} times its own size", name)
    return tuple(position for position, member in enumerate(members) if not member.is_dir())


def member_bytes(path: Path, member: int, *, name: str | None = None, limits: Limits | None = None) -> bytes:
    """Return the bytes of one member; b"" for a folder.

    Parameters
    ----------
    path : the archive
    member : its position, from 0
    name : what messages call it

    Raises
    ------
    IntakeError
        ARCHIVE_UNSAFE when it is encrypted, itself an archive, or not what the archive says of it;
        LIMIT_SIZE; NOT_A_REGULAR_FILE for a stored link.
    """
    shown, allowed = name or member_name(path.name, member), limits or Limits()
    archive = _last.get(path, shown)
    entry = archive.infolist()[member]
    if entry.is_dir():
        return b""
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _refusal(Code.NOT_A_REGULAR_FILE, "a file was expected, but it is a link", shown)
    if entry.flag_bits & _ENCRYPTED:
        raise _refusal(Code.ARCHIVE_UNSAFE, "it is encrypted", shown)
    if entry.file_size > allowed.file_at_most_bytes:
        at_most = allowed.file_at_most_bytes
        raise _refusal(Code.LIMIT_SIZE, f"at most {at_most} bytes, it says {entry.file_size}", shown)
    try:
        with archive.open(entry) as stream:
            unpacked = stream.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise _refusal(Code.ARCHIVE_UNSAFE, "it is not what the archive says of it", shown) from None
    except (NotImplementedError, RuntimeError):
        raise _refusal(Code.ARCHIVE_UNSAFE, "it is packed in a way that is not read here", shown) from None
    if len(unpacked) != entry.file_size:
        raise _refusal(Code.ARCHIVE_UNSAFE, "its size is not the one that the archive says", shown)
    if unpacked.startswith(_NESTED_MARKS):
        raise _refusal(Code.ARCHIVE_UNSAFE, "it is an archive inside an archive", shown)
    return unpacked


class _LastArchive:
    """The archive opened last: its list of members is long to read, and is asked for again and again."""

    def __init__(self) -> None:
        self._key: tuple[str, int, int] | None = None
        self._stream: BinaryIO | None = None
        self._archive: zipfile.ZipFile | None = None

    def get(self, path: Path, name: str) -> zipfile.ZipFile:
        """Return the open archive at `path`, read again if the file has changed."""
        stream, size = open_regular(str(path), name)
        key = (str(path), size, os.fstat(stream.fileno()).st_mtime_ns)
        if self._archive is not None and self._key == key:
            stream.close()
            return self._archive
        self._close()
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError):
            stream.close()
            raise _refusal(Code.TRUNCATED, "the archive has no readable list of its members", name) from None
        self._key, self._stream, self._archive = key, stream, archive
        return archive

    def _close(self) -> None:
        if self._archive is not None and self._stream is not None:
            self._archive.close()
            self._stream.close()
        self._key = self._stream = self._archive = None


_last = _LastArchive()


def _refusal(code: Code, message: str, name: str) -> IntakeError:
    return IntakeError(Problem(code, message, name))
