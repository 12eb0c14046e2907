"""UIDs re-rooted by a key that stays at home, so that the same UID leaves as the same new one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gist_imaging.cohort.privacy import OUR_UID_ROOT
from gist_imaging.cohort.spec import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["key_name", "rerooted_frames", "rerooted_uid"]


def rerooted_uid(uid: str, key: bytes) -> str:
    """Return the UID that stands for `uid` outside: 2.25 and a number that only the key gives.

    The number is a version 8 UUID (RFC 9562) made of the first 16 bytes of HMAC-SHA256.

    >>> rerooted_uid("1.2.3", b"key") == rerooted_uid("1.2.3", b"key") != rerooted_uid("1.2.3", b"other")
    True
    """
    digest = bytearray(hmac.new(key, uid.encode("ascii", "replace"), hashlib.sha256).digest()[:16])
    digest[6] = 0x80 | digest[6] & 0x0F
    digest[8] = 0x80 | digest[8] & 0x3F
    return f"{OUR_UID_ROOT}{int.from_bytes(bytes(digest), 'big')}"


def rerooted_frames(frames: Mapping[str, pd.DataFrame], key: bytes) -> dict[str, pd.DataFrame]:
    """Return the frames with every UID re-rooted by `key`; the given frames are not changed."""
    outgoing = dict(frames)
    for table in tables():
        names = [column.name for column in table.columns if column.uid]
        if names and table.name in outgoing:
            frame = outgoing[table.name].copy()
            for name in names:
                frame[name] = (
                    frame[name].map(lambda uid: rerooted_uid(uid, key), na_action="ignore").astype("string")
                )
            outgoing[table.name] = frame
    return outgoing


def key_name(key: bytes) -> str:
    """Return a short name of a key, which tells whether two exports share it and nothing else of it."""
    return hashlib.sha256(b"gist_imaging uid key:" + key).hexdigest()[:8]
