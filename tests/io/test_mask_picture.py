import numpy as np
import pytest
from matplotlib.image import imread
from measure_shapes import ball
from strategies import oblique_geometry

from gist_imaging.errors import GistImagingError
from gist_imaging.io.mask_picture import mask_picture, write_mask_picture
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.spatial import Mask, Quantity, Volume


def lopsided(flips=(1, 1, 1), angles_deg=(4.0, -3.0, 6.0)):
    """An image whose only bright spot lies to the patient's right and front, on any grid."""
    grid = oblique_geometry((9, 60, 50), (3.0, 1.0, 1.2), angles_deg=angles_deg, flips=flips)
    centre = grid.to_patient((np.array(grid.shape) - 1) / 2)
    away = grid.to_patient(np.moveaxis(np.indices(grid.shape), 0, -1)) - centre
    spot = np.linalg.norm(away - (-18.0, -15.0, 0.0), axis=-1) < 6.0
    return Volume(np.where(spot, 200.0, -100.0), grid, Quantity.HU, "1.2.3"), Mask(spot, grid)


def orange_of(png, tmp_path):
    path = tmp_path / "look.png"
    path.write_bytes(png)
    picture = imread(path)
    orange = np.abs(picture[..., :3] - (0.902, 0.624, 0.0)).max(axis=2) < 0.05
    height, width = picture.shape[0], picture.shape[1]
    whole = orange[int(0.03 * height) : int(0.7 * height), : width // 2]
    return np.argwhere(whole) / whole.shape


@pytest.mark.parametrize("flips", [(1, 1, 1), (1, -1, 1), (-1, 1, -1), (1, -1, -1)], ids=str)
def test_the_patients_right_is_on_the_left_and_the_front_on_top(tmp_path, flips):
    found = orange_of(mask_picture(*lopsided(flips)), tmp_path)

    assert len(found) > 20
    assert found.max(axis=0)[0] < 0.5
    assert found.max(axis=0)[1] < 0.5


def test_both_ends_of_the_mask_and_the_other_planes_are_shown_below(tmp_path):
    volume, mask = lopsided()
    path = tmp_path / "look.png"
    path.write_bytes(mask_picture(volume, mask))
    picture = imread(path)[..., :3]
    below = np.abs(picture - (0.902, 0.624, 0.0)).max(axis=2)[int(0.72 * picture.shape[0]) :] < 0.05

    shown = [part.sum() > 10 for part in np.array_split(below, 6, axis=1)]

    assert shown == [True] * 6


def test_what_was_drawn_is_shown_in_its_colour_where_it_lies(tmp_path):
    volume, mask = lopsided()
    at = np.argwhere(mask.voxels).mean(axis=0).round()
    points = volume.geometry.to_patient(at + [[0, 0, n] for n in range(-3, 4)])
    path = tmp_path / "look.png"

    counts = []
    for include in (True, False):
        path.write_bytes(mask_picture(volume, mask, PromptLog((Prompt("scribble", points, include),))))
        near = imread(path)[30:600, 660:, :3]
        colours = [(0.337, 0.706, 0.914), (0.8, 0.475, 0.655)]
        counts.append([(np.abs(near - colour).max(axis=2) < 0.05).sum() for colour in colours])

    assert counts[0][0] > 10
    assert counts[0][1] == 0
    assert counts[1][0] == 0
    assert counts[1][1] > 10


def test_the_same_input_gives_the_same_picture():
    assert mask_picture(*lopsided()) == mask_picture(*lopsided())


def test_an_empty_mask_and_a_constant_image_of_no_numbers_still_give_a_picture(tmp_path):
    volume, mask = lopsided()
    nothing = Mask(np.zeros_like(mask.voxels), mask.geometry)
    blind = Volume(np.full(mask.geometry.shape, np.nan), mask.geometry)

    assert len(orange_of(mask_picture(volume, nothing), tmp_path)) == 0
    assert mask_picture(blind, mask).startswith(b"\x89PNG")
    assert mask_picture(Volume(np.zeros(mask.geometry.shape), mask.geometry), mask).startswith(b"\x89PNG")


def test_a_picture_never_takes_the_place_of_another_file(tmp_path):
    path = tmp_path / "look.png"
    path.write_bytes(b"precious")

    with pytest.raises(GistImagingError, match="there already"):
        write_mask_picture(path, *lopsided())

    assert path.read_bytes() == b"precious"


def test_a_mask_at_the_edge_of_the_image_is_outlined(tmp_path):
    true = ball(20.0, (2.0, 0.8, 0.8))
    part = np.ascontiguousarray(true.voxels[:, : true.voxels.shape[1] // 2])
    grid = oblique_geometry(part.shape, (2.0, 0.8, 0.8))

    assert (
        len(orange_of(mask_picture(Volume(part.astype(np.float32), grid), Mask(part, grid)), tmp_path)) > 20
    )
