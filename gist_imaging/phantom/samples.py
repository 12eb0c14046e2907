"""The three sample patients that are delivered with the program."""

from __future__ import annotations

from dataclasses import replace

from gist_imaging.phantom.patients import PhantomPatient, Scanner, paired
from gist_imaging.phantom.tissues import Appearance
from gist_imaging.phantom.tumour import TumourShape

__all__ = ["sample_patients"]

_CT = Scanner("CT", matrix=(192, 192), slices=34, pixel_mm=1.15, slice_mm=3.0, noise_sd=12.0)
_MR = Scanner("MR", matrix=(176, 208), slices=26, pixel_mm=0.8, slice_mm=3.3, noise_sd=9.0)


def sample_patients() -> tuple[PhantomPatient, ...]:
    """Return the three sample patients."""
    return (_responder(), _volume_responder(), _pseudo_progression())


def _responder() -> PhantomPatient:
    before = TumourShape((20.0, 21.0, 25.0), (31.0, 24.0, 26.0), (10.0, -16.0, 38.0), Appearance(76.0, 2.5))
    after = replace(before.scaled(0.66), centre_mm=(21.0, 22.0, 25.0), viable=Appearance(48.0, 3.6))
    return paired("SYN-001", "Smaller and less dense: response by every criterion.", _CT, before, after, 11)


def _volume_responder() -> PhantomPatient:
    before = TumourShape((-19.0, 19.0, 24.0), (26.0, 20.5, 23.5), (24.0, 4.0, -30.0), Appearance(74.0, 2.4))
    after = replace(before.scaled(0.75, 0.65, 0.60), viable=Appearance(50.0, 3.4))
    return paired(
        "SYN-002",
        "On MR the longest diameter calls it stable while the volume responds; density has no unit on MR.",
        _MR,
        before,
        after,
        21,
    )


def _pseudo_progression() -> PhantomPatient:
    before = TumourShape((21.0, 19.0, 23.0), (22.5, 18.0, 20.0), (-12.0, 14.0, 52.0), Appearance(75.0, 2.6))
    # The core takes the mean from 75 to 60 HU: 72 − 54 f³ = 60.
    grown = replace(
        before.scaled(1.12),
        viable=Appearance(72.0, 2.6),
        core_fraction=(12.0 / 54.0) ** (1.0 / 3.0),
        core=Appearance(18.0, 9.0),
    )
    return paired(
        "SYN-003",
        "Larger but less dense, with a necrotic core: pseudo-progression, a response by Choi alone.",
        _CT,
        before,
        grown,
        31,
    )
