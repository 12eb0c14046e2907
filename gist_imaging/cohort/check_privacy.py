"""Fourth layer of validation: nothing that leaves says who the patient is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gist_imaging.cohort.check_schema import row_names
from gist_imaging.cohort.privacy import OUR_UID_ROOT, tells_too_much
from gist_imaging.cohort.problem import CohortProblem
from gist_imaging.cohort.spec import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["privacy_problems"]


def privacy_problems(
    frames: Mapping[str, pd.DataFrame], date_policy: str, *, uids_rerooted: bool
) -> list[CohortProblem]:
    """Return dates under a policy without dates, telltale words, and UIDs that are not re-rooted."""
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
            else:
                continue
            found += [
                CohortProblem("privacy", table.name, code, names[row], column.name, message)
                for row in np.flatnonzero(wrong)
            ]
    return found
