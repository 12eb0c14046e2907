"""What a DICOM Segmentation says: its segments, where each frame lies, and the frames' bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import LabelError

__all__ = ["SegDocument", "SegFrame", "SegKind", "Segment"]


class SegKind(StrEnum):
    """Segmentation Type (0062,0001)."""

    BINARY = "BINARY"
    FRACTIONAL = "FRACTIONAL"
    LABELMAP = "LABELMAP"


@dataclass(frozen=True, slots=True)
class Segment:
    """One item of the Segment Sequence (0062,0002).

    Parameters
    ----------
    number, label : Segment Number, Segment Label
    category, kind : (value, scheme, meaning) of Segmented Property Category and Type; None where absent
    tracking_uid, tracking_identifier : identity over time; "" where absent
    algorithm_type : "MANUAL", "SEMIAUTOMATIC" or "AUTOMATIC"; "" where absent
    """

    number: int
    label: str
    category: tuple[str, str, str] | None = None
    kind: tuple[str, str, str] | None = None
    tracking_uid: str = ""
    tracking_identifier: str = ""
    algorithm_type: str = ""


@dataclass(frozen=True, slots=True)
class SegFrame:
    """Where one frame lies.

    Parameters
    ----------
    segment : the segment it shows; None in a LABELMAP, whose frames show all of them
    position_mm : (3,) LPS, centre of the first pixel
    orientation : (6,) LPS, direction of the column index, then of the row index
    pixel_spacing_mm : (2,) between rows, between columns
    """

    segment: int | None
    position_mm: tuple[float, float, float]
    orientation: tuple[float, float, float, float, float, float]
    pixel_spacing_mm: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class SegDocument:
    """A DICOM Segmentation, read but not yet placed on an image.

    Parameters
    ----------
    name : the file, for messages
    sop_uid, series_uid : of the object
    frame_uid : Frame of Reference UID, or None
    kind : how the frames are coded
    segments : in the order of the file; the background of a LABELMAP (number 0) is left out
    frames : where each frame lies
    rows, columns : of every frame
    stored : BINARY: all frames' bits, 8 a byte, lowest bit first, without gaps between frames;
        else (frames, rows, columns) whole numbers
    maximum_fractional_value : of FRACTIONAL, else 1
    spacing_between_slices_mm : where all frames state the same
    """

    name: str
    sop_uid: str
    series_uid: str
    frame_uid: str | None
    kind: SegKind
    segments: tuple[Segment, ...]
    frames: tuple[SegFrame, ...] = field(repr=False)
    rows: int
    columns: int
    stored: npt.NDArray[np.integer] = field(repr=False)
    maximum_fractional_value: int = 1
    spacing_between_slices_mm: float | None = None

    def frames_of(self, number: int) -> tuple[int, ...]:
        """Return the positions of the frames that may show segment `number`."""
        return tuple(i for i, frame in enumerate(self.frames) if frame.segment in (number, None))

    def voxels_of(self, frame: int, number: int) -> npt.NDArray[np.bool_]:
        """Return (rows, columns) of `frame`: which pixels belong to segment `number`.

        A FRACTIONAL pixel belongs to it from half of the Maximum Fractional Value on (inclusive), for
        OCCUPANCY and PROBABILITY alike.
        """
        if self.kind is SegKind.BINARY:
            n_pixels = self.rows * self.columns
            first, last = frame * n_pixels, (frame + 1) * n_pixels
            bits = np.unpackbits(self.stored[first // 8 : -(-last // 8)].view(np.uint8), bitorder="little")
            inside = bits[first % 8 : first % 8 + n_pixels]
            return inside.reshape(self.rows, self.columns).astype(np.bool_)
        values = self.stored[frame]
        if self.kind is SegKind.LABELMAP:
            return np.asarray(values == number)
        return np.asarray(2 * values.astype(np.int64) >= self.maximum_fractional_value)

    def segment(
        self, *, number: int | None = None, label: str | None = None, tracking_uid: str | None = None
    ) -> Segment:
        """Return the segment that fits everything given; the only one there is when nothing is given.

        Raises
        ------
        MaskError
            If none or several fit.
        """
        fitting = [
            segment
            for segment in self.segments
            if (number is None or segment.number == number)
            and (label is None or segment.label.casefold() == label.casefold())
            and (tracking_uid is None or segment.tracking_uid == tracking_uid)
        ]
        if len(fitting) == 1:
            return fitting[0]
        choices = {segment.number: f"{segment.number} ({segment.label})" for segment in self.segments}
        held = ", ".join(choices.values()) or "no segment"
        asked = next((f" {value!r}" for value in (number, label, tracking_uid) if value is not None), "")
        raise LabelError(
            f"{self.name}: one segment{asked}",
            f"{len(fitting)} fit; it holds {held}",
            "choose one of these",
            choices,
        )
