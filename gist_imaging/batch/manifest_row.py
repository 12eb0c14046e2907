"""One row of a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["DEFAULT_LESION", "DEFAULT_READER", "ManifestRow"]

DEFAULT_LESION = "L1"
DEFAULT_READER = "R1"


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One lesion on one scan, as one reader outlined it.

    Parameters
    ----------
    row : line of the file, the header being row 1
    image, mask : what to read; None: nothing was outlined yet
    reading : JSON file with the reader's words about this lesion and visit
    relation : JSON file with levator ani and landmarks of this visit
    relation_side : L, R, midline or both; None: the side whose levator ani lies clearly nearer
    lesion : name of the lesion within the patient
    lesion_number : its rank within the patient
    series_no : rank of the image among those of the visit
    split : which stack of the DICOM series, by the names of `gist-imaging index`
    physical : False where the spacing of the image is not the patient's
    stated : the other columns that were given, by name
    carried : columns that the program does not know
    """

    row: int
    patient_id: str
    timepoint_label: str
    image: Path
    mask: Path | None = None
    reading: Path | None = None
    relation: Path | None = None
    relation_side: str | None = None
    label: int | str | None = None
    lesion: str = DEFAULT_LESION
    lesion_number: int = 1
    series_no: int = 1
    split: Mapping[str, str | float] = field(default_factory=dict, hash=False)
    physical: bool = True
    stated: Mapping[str, Any] = field(default_factory=dict, hash=False)
    carried: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def lesion_id(self) -> str:
        """Id of the lesion in the cohort."""
        return f"{self.patient_id}/{self.lesion}"

    @property
    def case(self) -> str:
        """How people and logs call this row: by pseudonyms only."""
        return f"{self.lesion_id} {self.timepoint_label} {self.reader_id}"

    @property
    def reader_id(self) -> str:
        """Whose read it is."""
        return str(self.stated.get("reader_id", DEFAULT_READER))

    @property
    def read_no(self) -> int:
        """Which read of this reader it is."""
        return int(self.stated.get("read_no", 1))
