"""Real tumours, with bounds far below what is reached: a fall through them means that something broke."""

import numpy as np
import pytest
from scipy import ndimage
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging import read_mask, read_volume
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.segment.seeded import segment_seeded

pytestmark = [pytest.mark.real, needs_real_scans]

LABELS = REAL_SCANS / "tumour_labels"


def _strokes(truth, geometry):
    """A line through the middle of the largest slice, a loop 6 mm outside it, a line beyond each end."""
    spacing = geometry.spacing_mm
    level = int(np.argmax(truth.sum((1, 2))))
    depth = ndimage.distance_transform_edt(truth[level], sampling=spacing[1:])
    row, column = np.unravel_index(np.argmax(depth), depth.shape)
    half = max(1, int(depth.max() / 2 / spacing[2]))
    away = ndimage.distance_transform_edt(~truth[level], sampling=spacing[1:])
    ring = np.argwhere(np.abs(away - 6) <= max(spacing[1:]) * 0.75)
    levels = np.flatnonzero(truth.any((1, 2)))
    gap = int(np.ceil(5 / spacing[0]))
    drawn = [([[level, row, i] for i in range(column - half, column + half + 1)], True)]
    drawn.append((np.c_[np.full(len(ring), level), ring], False))
    for end, k in ((levels[0], levels[0] - gap), (levels[-1], levels[-1] + gap)):
        if 0 <= k < len(truth):
            middle = np.argwhere(truth[end]).mean(axis=0)
            drawn.append(([[k, middle[0], middle[1] + step] for step in (-1, 0, 1)], False))
    return PromptLog(tuple(Prompt("scribble", geometry.to_patient(p), include) for p, include in drawn))


@pytest.mark.parametrize(("case", "at_least"), [("STS_024", 0.75), ("STS_008", 0.6), ("STS_015", 0.7)])
def test_the_first_strokes_find_most_of_a_real_tumour(case, at_least):
    image = next((LABELS / case).glob("*CT*_image.nii.gz"), None)
    if image is None:
        pytest.skip(f"{case} is not among the scans here")
    volume = read_volume(image)
    truth = read_mask(image.with_name(image.name.replace("_image", "_mask")), like=volume).voxels

    found = segment_seeded(volume, _strokes(truth, volume.geometry)).mask.voxels

    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > at_least
