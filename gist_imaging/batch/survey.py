"""A first look at every file of a batch: the hash of its content, and whose scan it is."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

from gist_imaging.batch.jobs import FileStamp, file_sha256
from gist_imaging.errors import GistImagingError, IdentityError
from gist_imaging.study.series import PatientIdentity

__all__ = ["Surveyed", "Surveying", "differing_scans", "shared_identities", "survey"]


@dataclass(frozen=True, slots=True)
class Surveying:
    """One image or mask to look at.

    Parameters
    ----------
    path : file or folder
    unread : its files whose content is not known from an earlier run
    salt : secret of this run; identities are compared as keyed hashes, and the key is never stored
    """

    path: Path
    unread: tuple[FileStamp, ...]
    salt: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What was seen.

    Parameters
    ----------
    hashes : SHA-256 of each unread file, in order
    identity : keyed hashes in the place of Patient ID, birth date and sex; nobody for NIfTI and NRRD
    several_patients : attributes in which the files differ among themselves
    """

    hashes: tuple[str, ...]
    identity: PatientIdentity = field(default_factory=PatientIdentity)
    several_patients: tuple[str, ...] = ()


def survey(job: Surveying) -> Surveyed:
    """Return the hashes of what is at a path, and the keyed hash of who was scanned."""
    from gist_imaging.io.identity import identity_of

    hashes = tuple(file_sha256(stamp.path) for stamp in job.unread)
    try:
        identity = identity_of(job.path)
    except IdentityError as error:
        return Surveyed(hashes, several_patients=error.differing)
    except GistImagingError:
        # Measuring will say what is wrong with the file.
        return Surveyed(hashes)
    return Surveyed(hashes, _keyed(identity, job.salt))


def _keyed(identity: PatientIdentity, salt: bytes) -> PatientIdentity:
    def keyed(name: str, value: str) -> str:
        if not value.strip():
            return ""
        return hmac.new(salt, f"{name}:{value.strip()}".encode(), hashlib.sha256).hexdigest()

    return replace(
        identity,
        patient_id=keyed("id", identity.patient_id),
        birth_date=keyed("birth", identity.birth_date),
        sex=keyed("sex", identity.sex),
    )


def differing_scans(
    scans: Sequence[tuple[PatientIdentity, tuple[str, ...]]], explained: Sequence[bool]
) -> dict[int, tuple[str, ...]]:
    """Return which scans of one pseudonym may be of different patients, with the attributes that differ.

    Parameters
    ----------
    scans : keyed identity of each, and the attributes in which its own files differ
    explained : whether a reader gave a reason for it; a pair is at peace when one of the two has one
    """
    found: dict[int, set[str]] = {
        index: set(own) for index, (_, own) in enumerate(scans) if own and not explained[index]
    }
    for one, other in combinations(range(len(scans)), 2):
        differing = () if explained[one] or explained[other] else scans[one][0].differing(scans[other][0])
        if differing:
            found.setdefault(one, set()).update(differing)
            found.setdefault(other, set()).update(differing)
    return {index: tuple(sorted(names)) for index, names in sorted(found.items())}


def shared_identities(scans: Sequence[tuple[str, PatientIdentity]]) -> list[tuple[str, str]]:
    """Return the pairs of pseudonyms under which one DICOM patient seems to be scanned.

    Parameters
    ----------
    scans : pseudonym and keyed identity of each scan
    """
    by_id: dict[str, set[tuple[str, PatientIdentity]]] = {}
    for pseudonym, identity in scans:
        if identity.patient_id:
            by_id.setdefault(identity.patient_id, set()).add((pseudonym, identity))
    pairs = {
        (min(one, other), max(one, other))
        for held in by_id.values()
        for (one, first), (other, second) in combinations(held, 2)
        if one != other and not first.differing(second)
    }
    return sorted(pairs)
