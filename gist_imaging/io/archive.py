"""Zip archives, read member by member and never unpacked to disk; hostile ones are refused.

Members are known by their position, never by their name: names in archives of scans are often those of
patients, and may point anywhere.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gist_imaging.errors import IntakeError
from gist_imaging.io.limits import Limits
from gist_imaging.io.regular_file import open_regular
from gist_imaging.problems import Code, Problem

__all__ = ["ZIP_MARKS", "member_bytes", "member_count", "member_name"]

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


def member_count(path: Path, *, name: str, limits: Limits) -> int:
    """Return the number of members, folders included, after checking the archive as a whole.

    Raises
    ------
    IntakeError
        TRUNCATED when the list of members is missing; LIMIT_FILES, LIMIT_SIZE or ARCHIVE_UNSAFE when it
        holds too many members, too many bytes, or inflates beyond the allowed ratio.
    """
    with _opened(path, name) as archive:
        members = archive.infolist()
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
        return len(members)


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
    with _opened(path, shown) as archive:
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
            raise _refusal(
                Code.ARCHIVE_UNSAFE, "it is packed in a way that is not read here", shown
            ) from None
    if len(unpacked) != entry.file_size:
        raise _refusal(Code.ARCHIVE_UNSAFE, "its size is not the one that the archive says", shown)
    if unpacked.startswith(_NESTED_MARKS):
        raise _refusal(Code.ARCHIVE_UNSAFE, "it is an archive inside an archive", shown)
    return unpacked


@contextmanager
def _opened(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    stream, _ = open_regular(str(path), name)
    with stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError):
            raise _refusal(Code.TRUNCATED, "the archive has no readable list of its members", name) from None
        with archive:
            yield archive


def _refusal(code: Code, message: str, name: str) -> IntakeError:
    return IntakeError(Problem(code, message, name))
