"""Fourth layer of validation: nothing that leaves says who the patient is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gist_imaging.cohort.check_schema import row_names
from gist_imaging.cohort.privacy import OUR_UID_ROOT, tells_too_much
from gist_imaging.cohort.problem import CohortProblem
from gist_imaging.cohort.spec import Column, tables
from gist_imaging.cohort.spec_acquired import IMAGE_KIND, LESION, LOCAL, PATIENT, TIMEPOINT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["privacy_problems"]

_NAMED_BY_PEOPLE = {PATIENT, LOCAL, LESION, TIMEPOINT, IMAGE_KIND}
"""Forms of ids and labels that the source gives; digests are made by us and tell nothing."""


def privacy_problems(
    frames: Mapping[str, pd.DataFrame], date_policy: str, *, uids_rerooted: bool
) -> list[CohortProblem]:
    """Return dates under a policy without dates, telltale words and ids, and UIDs that are not re-rooted.

    Ids and labels (of patients, visits, lesions, readers, centres, sequences) are looked at under that
    policy: under "real" a visit may be called by its date.
    """
    found = []
    for table in tables():
        frame = frames[table.name]
        names = row_names(frame, table)
        for column in table.columns:
            held = frame[column.name]
            if column.type == "date" and date_policy == "relative":
                code, message = "date", "expected no date under date_policy relative"
                wrong = held.notna().to_numpy()
            elif column.uid and uids_rerooted:
                code, message = "uid_root", f"expected a UID under {OUR_UID_ROOT}"
                wrong = ~held.str.startswith(OUR_UID_ROOT).fillna(True).to_numpy(dtype=bool)
            elif column.words:
                code, message = "telltale", "expected no path, file, name, address, UID or date in words"
                wrong = np.array(
                    [isinstance(text, str) and tells_too_much(text) for text in held], dtype=bool
                )
            elif column.pattern in _NAMED_BY_PEOPLE and date_policy == "relative":
                code, message = "telltale_id", "expected no date, file, address or UID in an id or label"
                wrong = _telling(held, column)
            else:
                continue
            found += [
                CohortProblem("privacy", table.name, code, names[row], column.name, message)
                for row in np.flatnonzero(wrong)
            ]
    return found


def _telling(held: pd.Series[Any], column: Column) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which ids tell too much; parts of a composed id are looked at one by one."""
    separator = ":" if column.pattern == IMAGE_KIND else "/"
    telling = {text for text in held.dropna().unique() if any(map(tells_too_much, text.split(separator)))}
    return held.isin(telling).to_numpy(dtype=bool)
