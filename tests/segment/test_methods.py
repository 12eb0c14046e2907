import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import numpy as np
import pytest
from measure_shapes import ball
from strategies import oblique_geometry

from gist_imaging.errors import Cancelled, GistImagingError, PromptError
from gist_imaging.segment import methods as table
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.segment.region_growing import grow_region
from gist_imaging.spatial import Mask, Quantity, Volume


def foreign(monkeypatch, *entries):
    monkeypatch.setattr(table, "entry_points", lambda group: [EntryPoint(*e, group) for e in entries])


def test_every_built_in_method_loads():
    for method in table.methods().values():
        assert callable(method.load())


def test_another_package_adds_a_method_and_cannot_take_a_name_of_ours(monkeypatch):
    module = ModuleType("foreign_package")
    module.segment = lambda volume, prompts, *, progress=None, cancelled=None: "foreign"
    monkeypatch.setitem(sys.modules, "foreign_package", module)
    foreign(monkeypatch, ("theirs", "foreign_package:segment"), ("region_growing", "foreign_package:segment"))

    assert table.segmenter("theirs")(None, None) == "foreign"
    assert table.segmenter("region_growing") is grow_region
    assert "foreign_package:region_growing" in table.methods()
    assert table.methods()["theirs"].source == "foreign_package"


def test_an_unknown_method_is_answered_with_the_known_ones():
    with pytest.raises(GistImagingError, match=r"one of .*region_growing.*'no_such'"):
        table.segmenter("no_such")


@pytest.mark.parametrize("value", ["no_such_package:segment", "json:no_such_name", "json:__name__"])
def test_a_method_that_cannot_be_loaded_says_so(monkeypatch, value):
    foreign(monkeypatch, ("broken", value))

    with pytest.raises(GistImagingError, match="the method broken of"):
        table.segmenter("broken")


def lesion(contrast=100.0, noise=5.0):
    true = ball(24.0, (3.0, 0.9, 0.8))
    voxels = np.pad(true.voxels, ((4, 4), (14, 14), (14, 14)))
    grid = oblique_geometry(voxels.shape, (3.0, 0.9, 0.8))
    values = np.random.default_rng(0).normal(0, noise, voxels.shape) + contrast * voxels
    return Volume(values.astype(np.float32), grid, Quantity.ARBITRARY, "1.2.3"), Mask(voxels, grid)


def overlap(one, other):
    return 2 * np.count_nonzero(one.voxels & other.voxels) / (one.n_voxels + other.n_voxels)


def stroke(volume, *offsets, include=True, kind="scribble"):
    middle = (np.array(volume.geometry.shape) - 1) / 2
    return Prompt(kind, volume.geometry.to_patient(middle + np.array(offsets)), include)


INSIDE = [(0, row, 0) for row in range(-8, 9, 2)]
WALL = [(0, row, 5) for row in range(-8, 9, 2)]


def test_a_lesion_that_stands_out_grows_from_one_stroke():
    volume, true = lesion()

    found = grow_region(volume, PromptLog((stroke(volume, *INSIDE),)))

    assert overlap(found, true) > 0.9
    assert found.provenance.method == "segment:region_growing"
    assert found.provenance.inputs[0] == "1.2.3"


@pytest.mark.parametrize(
    ("kind", "offsets"),
    [
        ("point", [(0, 0, 0)]),
        ("box", [(-5, -16, -17), (5, 16, 17)]),
        ("loop", [(0, -17, -19), (0, -17, 19), (0, 17, 19), (0, 17, -19)]),
        ("outline", [(0, -9, -9), (0, -9, 9), (0, 9, 9), (0, 9, -9)]),
    ],
)
def test_a_lesion_without_noise_grows_from_any_prompt_alone(kind, offsets):
    volume, true = lesion(noise=0.0)
    volume = Volume((volume.voxels > 50).astype(np.float32), volume.geometry)

    found = grow_region(volume, PromptLog((stroke(volume, *offsets, kind=kind),)))

    assert found.voxels[tuple(n // 2 for n in found.voxels.shape)]
    assert 0.0 < overlap(found, true) <= 1.0


def test_it_never_leaks_beyond_the_margin_or_the_box_nor_into_an_exclude_stroke():
    volume, _ = lesion(contrast=0.0)
    wall = stroke(volume, *WALL, include=False)

    free = grow_region(volume, PromptLog((stroke(volume, *INSIDE),)))
    walled = grow_region(volume, PromptLog((stroke(volume, *INSIDE), wall)))
    box = stroke(volume, (-1, -9, -3), (1, 9, 3), kind="box")
    boxed = grow_region(volume, PromptLog((stroke(volume, *INSIDE), box)))

    seeds_mm = stroke(volume, *INSIDE).points_mm
    away = volume.geometry.to_patient(np.argwhere(free.voxels))[:, None] - seeds_mm[None]
    assert np.linalg.norm(away, axis=2).min(axis=1).max() <= 15.0 * np.sqrt(3) + 8.0
    middle = np.array(volume.geometry.shape) // 2
    assert free.voxels[middle[0], middle[1], middle[2] + 5]
    assert not walled.voxels[middle[0], middle[1], middle[2] + 5]
    assert np.abs(np.argwhere(boxed.voxels) - middle).max(axis=0).tolist() <= [1, 10, 4]


def test_only_excluding_is_a_question_and_values_are_needed():
    volume, _ = lesion()
    blind = Volume(np.full(volume.geometry.shape, np.nan, np.float32), volume.geometry)

    with pytest.raises(PromptError, match="include nothing"):
        grow_region(volume, PromptLog((stroke(volume, *INSIDE, include=False),)))
    with pytest.raises(PromptError, match="has none there"):
        grow_region(blind, PromptLog((stroke(volume, *INSIDE),)))


def test_a_constant_image_fills_what_it_may_and_nan_is_never_taken():
    volume, _ = lesion(contrast=0.0, noise=0.0)
    values = np.array(volume.voxels)
    middle = tuple(n // 2 for n in values.shape)
    values[middle[0] + 2, middle[1], middle[2]] = np.nan

    found = grow_region(Volume(values, volume.geometry), PromptLog((stroke(volume, *INSIDE),)))

    assert not found.is_empty
    assert not found.voxels[np.isnan(values)].any()


def test_it_stops_when_asked_and_tells_how_far_it_is():
    volume, _ = lesion()
    prompts = PromptLog((stroke(volume, *INSIDE),))
    told = []

    grow_region(volume, prompts, progress=lambda done, total: told.append((done, total)))

    assert told == [(1, 2), (2, 2)]
    with pytest.raises(Cancelled):
        grow_region(volume, prompts, cancelled=lambda: True)
