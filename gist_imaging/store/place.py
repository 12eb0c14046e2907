"""Whether a folder lies on a disk of this machine: databases and locks cannot be trusted elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from gist_imaging.errors import StoreError

__all__ = ["Mount", "mounts_of_this_machine", "network_file_system", "refuse_network"]

Mount = tuple[str, str]
"""Where a file system is mounted, and its type."""

_NETWORK: Final = re.compile(
    r"(nfs\d?|cifs|smb\w*|ncpfs?|afs|afpfs|9p|ceph|glusterfs|lustre|gpfs|beegfs|ocfs2|gfs2?|coda|webdav|davfs2?"
    r"|fuse\.(sshfs|rclone|s3fs|goofys|gcsfuse|blobfuse2?|davfs2?|glusterfs|ceph|cifs|smbnetfs|vmhgfs-fuse|curlftpfs"
    r"|gvfsd-fuse)|vboxsf|prl_fs|drvfs|osxfuse\w*|macfuse\w*)",
    re.IGNORECASE,
)
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_MAC_LINE: Final = re.compile(r".* on (?P<at>.+) \((?P<kind>[^,)]+)")
_DRIVE_REMOTE: Final = 4  # GetDriveTypeW of the Windows API


def refuse_network(folder: Path, mounts: Callable[[], Iterable[Mount]] | None = None) -> None:
    """Refuse a folder on a network share.

    Raises
    ------
    StoreError
        With the kind of share, and what to do instead.
    """
    kind = network_file_system(folder, mounts)
    if kind is not None:
        raise StoreError(
            "network",
            f"a study lies on a disk of this machine, this folder lies on a network share ({kind}), where "
            "databases get damaged; make the study on a local disk and put backups on the share with "
            "`gist-imaging study backup`, or ask for a PostgreSQL server if several machines must read it",
        )


def network_file_system(folder: Path, mounts: Callable[[], Iterable[Mount]] | None = None) -> str | None:
    """Return the type of the network file system that holds `folder`, or None on a local disk.

    Parameters
    ----------
    folder : need not be there yet
    mounts : gives the mounted file systems; those of this machine where left out
    """
    if mounts is None and sys.platform == "win32":
        return _windows_share(folder)
    at = os.path.realpath(folder)
    best, kind = -1, ""
    for place, its_kind in (mounts or mounts_of_this_machine)():
        below = place.rstrip("/") + "/"
        # The last one mounted on a place is the one that is seen.
        if (at + "/").startswith(below) and len(below) >= best:
            best, kind = len(below), its_kind
    return kind if _NETWORK.fullmatch(kind) else None


def mounts_of_this_machine() -> list[Mount]:
    """Return what is mounted where; empty where the system does not say."""
    if sys.platform == "darwin":
        try:
            told = subprocess.run(
                ["/sbin/mount"], capture_output=True, text=True, timeout=5, check=False
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return []
        found = (_MAC_LINE.match(line) for line in told.splitlines())
        return [(one["at"], one["kind"]) for one in found if one]
    try:
        text = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return []
    return [mount for mount in map(_mountinfo_line, text.splitlines()) if mount is not None]


def _mountinfo_line(line: str) -> Mount | None:
    r"""Return mount point and type of a line of /proc/self/mountinfo (proc(5)).

    >>> _mountinfo_line(r"36 35 98:0 / /mnt/my\040share rw - nfs4 server:/x rw")
    ('/mnt/my share', 'nfs4')
    """
    words = line.split()
    if "-" not in words or len(words) < 5 or words.index("-") + 1 >= len(words):
        return None
    place = _OCTAL.sub(lambda code: chr(int(code[1], 8)), words[4])
    return place, words[words.index("-") + 1]


def _windows_share(folder: Path) -> str | None:
    at = os.path.realpath(folder)
    if at.startswith("\\\\") and not at.startswith("\\\\?\\"):
        return "UNC path"
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - there on Windows only
    remote = kernel.GetDriveTypeW(os.path.splitdrive(at)[0] + "\\") == _DRIVE_REMOTE
    return "network drive" if remote else None
