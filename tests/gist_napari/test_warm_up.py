"""What is loaded ahead of the first stroke exists under these names."""

from __future__ import annotations

import sys

from gist_napari import warm_up


def test_everything_is_loaded_that_the_first_stroke_and_grow_need():
    warm_up.warm_up().join(60)

    assert set(warm_up._USED_SOON) <= set(sys.modules)
