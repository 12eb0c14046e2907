"""Which image's stored values are wanted: what this program asks of its decoding process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gist_imaging.study.flags import MOSAIC, reasons
from gist_imaging.study.series import FrameFacts

__all__ = ["PixelRequest", "request_for"]


@dataclass(frozen=True, slots=True)
class PixelRequest:
    """One image whose stored values are wanted.

    Parameters
    ----------
    path, member, name : as in FrameFacts
    sop_instance_uid : what the file said when it was indexed; another one is refused
    frame : 0-based; the tile, for a mosaic
    rows, columns : of the image, or of the tile
    tiles_per_row : of a mosaic, else 0
    modified_ns : when the file was written, when it was indexed; another time is refused
    """

    path: Path
    name: str
    sop_instance_uid: str
    frame: int
    rows: int
    columns: int
    member: int | None = None
    tiles_per_row: int = 0
    modified_ns: int | None = None


def request_for(frame: FrameFacts) -> PixelRequest:
    """Return what to ask for to get the stored values of `frame`."""
    tiles = reasons(frame.flags, MOSAIC)
    return PixelRequest(
        path=frame.path,
        name=frame.name,
        sop_instance_uid=frame.sop_instance_uid,
        frame=frame.frame,
        rows=frame.rows,
        columns=frame.columns,
        member=frame.member,
        tiles_per_row=int(tiles[0]) if tiles else 0,
        modified_ns=frame.modified_ns,
    )
