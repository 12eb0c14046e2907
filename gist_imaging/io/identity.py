"""Whether two scans are of one patient: asked before a pre/post pair is compared."""

from __future__ import annotations

from pathlib import Path

from gist_imaging.errors import IdentityError
from gist_imaging.io.content import Content, content_of, given_path
from gist_imaging.study.series import PatientIdentity

__all__ = ["identity_of", "same_patient"]


def same_patient(
    one: PatientIdentity, other: PatientIdentity, *, reason: str | None = None
) -> tuple[str, ...]:
    """Return the DICOM names of the attributes in which two scans differ; raise when that was not explained.

    Patient ID, birth date and sex are compared where both scans state them; a scan that states none of them
    (NIfTI, or stripped DICOM) contradicts nobody.

    Parameters
    ----------
    reason : why they are one patient all the same, in the reader's words (such as a change of hospital)

    Raises
    ------
    IdentityError
        If they differ and no reason was given. It names the attributes, never their values.
    """
    differing = one.differing(other)
    if differing and not (reason and reason.strip()):
        raise IdentityError(differing)
    return differing


def identity_of(path: str | Path, *, reason: str | None = None) -> PatientIdentity:
    """Return who was scanned, for comparison only; nobody for formats that do not say (NIfTI, NRRD).

    Parameters
    ----------
    reason : why the files at `path` are of one patient although they differ; what they differ in is left out

    Raises
    ------
    IdentityError
        If the files at `path` differ in Patient ID, birth date or sex and no reason was given.
    """
    path = given_path(path)
    if content_of(path) in (Content.NIFTI, Content.NRRD):
        return PatientIdentity()
    from gist_imaging.io.dicom_index import scan_folder

    stated = {frame.patient for series in scan_folder(path).series for frame in series.frames}
    differing = PatientIdentity.conflicts(stated)
    if differing and not (reason and reason.strip()):
        raise IdentityError(differing)
    return PatientIdentity.shared(stated)
