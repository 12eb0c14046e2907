"""What matters of a series when two visits are compared, and a name made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gist_imaging.spatial.geometry import Geometry, plane_of
from gist_imaging.study.series import Series, SeriesKind

__all__ = ["SeriesTraits", "name_of", "shown_series", "traits_of", "weighting_of"]

# An echo time of 60 ms or more gives T2 weight in spin echoes of the pelvis; a short one gives T1 or proton
# density, which the echo time alone does not tell.
_T2_AT_LEAST_MS: Final = 60.0

# Words that scanners and people write into a Series Description. Only which of them was found is kept.
_WORDS: Final = (
    ("ADC", re.compile(r"(?<![a-z])(adc|apparent diffusion)", re.IGNORECASE)),
    ("DWI", re.compile(r"(?<![a-z])(dwi|diff|resolve|trace|ep2d|b[_ ]?[1-9]\d{2,3}(?!\d))", re.IGNORECASE)),
    ("STIR", re.compile(r"(?<![a-z])(stir|tirm)(?![a-z])", re.IGNORECASE)),
    ("T2", re.compile(r"(?<![a-z])(t2|haste|ssfse)", re.IGNORECASE)),
    (
        "T1_contrast",
        re.compile(
            r"(?=.*((?<![a-z])(t1|vibe|lava|thrive)))"
            r"(?=.*((?<![a-z])(km|gd|gado\w*|post|contrast|ce|c\+)(?![a-z])|\+c(?![a-z])))",
            re.IGNORECASE,
        ),
    ),
    ("T1", re.compile(r"(?<![a-z])(t1|vibe|lava|thrive)", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class SeriesTraits:
    """What a comparison of two series asks.

    Parameters
    ----------
    key : names the series within its visit
    plane : axial, coronal, sagittal or oblique
    normal : (3,) unit direction across the slices, LPS
    spacing_mm : k, j, i
    weighting : T1, T1_contrast, T2, STIR, DWI or ADC; None where unknown or not MR
    phase : contrast phase as somebody stated it; never guessed
    """

    key: str
    modality: str
    plane: str
    normal: tuple[float, float, float]
    spacing_mm: tuple[float, float, float]
    weighting: str | None = None
    phase: str | None = None
    kvp: float | None = None
    b_value: float | None = None

    @property
    def in_plane_mm(self) -> float:
        """The larger of both distances between voxels of a slice."""
        return max(self.spacing_mm[1:])

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel."""
        k, j, i = self.spacing_mm
        return k * j * i


def traits_of(
    key: str,
    geometry: Geometry,
    modality: str,
    *,
    series: Series | None = None,
    phase: str | None = None,
) -> SeriesTraits:
    """Return the traits of an image on a grid; those that only DICOM says come from `series`."""
    row, column = geometry.axes[:, 1], geometry.axes[:, 2]
    x, y, z = (
        float(row[1] * column[2] - row[2] * column[1]),
        float(row[2] * column[0] - row[0] * column[2]),
        float(row[0] * column[1] - row[1] * column[0]),
    )
    frames = () if series is None else series.frames
    return SeriesTraits(
        key,
        modality,
        plane_of(geometry)[0],
        (x, y, z),
        geometry.spacing_mm,
        None if series is None else weighting_of(series),
        phase if phase not in (None, "unknown") else None,
        _shared(frame.kvp for frame in frames),
        _shared(frame.b_value for frame in frames),
    )


def shown_series(series: Iterable[Series]) -> list[Series]:
    """Return the stacks that a reader can look at: volumes, and those with a grid that an error blocks."""
    return [
        one
        for one in series
        if one.kind is SeriesKind.VOLUME or (one.kind is SeriesKind.REFUSED and one.geometry is not None)
    ]


def weighting_of(series: Series) -> str | None:
    """Return what gives an MR series its contrast, as far as its images say so; None where unknown or no MR.

    What was measured goes first (a quantity, a b-value), then words of a closed list, then the echo time.
    """
    if series.modality != "MR":
        return None
    if series.frames and all(
        frame.quantity_hint == "ADC" or "ADC" in frame.image_type for frame in series.frames
    ):
        return "ADC"
    if any((frame.b_value or 0.0) > 0.0 for frame in series.frames):
        return "DWI"
    for name, words in _WORDS:
        if words.search(series.description):
            return name
    echo_ms = _shared(frame.echo_time_ms for frame in series.frames)
    return "T2" if echo_ms is not None and echo_ms >= _T2_AT_LEAST_MS else None


def name_of(traits: SeriesTraits) -> str:
    """Return what people call a series: weighting or modality, plane, distance of slices.

    >>> name_of(SeriesTraits("s", "MR", "axial", (0, 0, 1), (4.0, 1, 1), "DWI", b_value=800.0))
    'DWI b800 axial 4.0 mm'
    """
    what = (traits.weighting or traits.modality).replace("_", " ")
    b_value = f" b{traits.b_value:.0f}" if traits.weighting == "DWI" and traits.b_value else ""
    return f"{what}{b_value} {traits.plane} {traits.spacing_mm[0]:.1f} mm"


def _shared(values: Iterable[float | None]) -> float | None:
    """Return the one value that all have; None where there are several or none."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None
