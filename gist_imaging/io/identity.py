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


def identity_of(path: str | Path) -> PatientIdentity:
    """Return who was scanned, for comparison only; nobody for formats that do not say (NIfTI, NRRD).

    Raises
    ------
    IdentityError
        If the files at `path` are of several patients.
    """
    path = given_path(path)
    if content_of(path) in (Content.NIFTI, Content.NRRD):
        return PatientIdentity()
    from gist_imaging.io.dicom_index import scan_folder

    known = PatientIdentity()
    for series in scan_folder(path).series:
        same_patient(known, series.patient)
        if series.patient != PatientIdentity():
            known = series.patient
    return known
