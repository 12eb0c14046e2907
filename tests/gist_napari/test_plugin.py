"""What napari sees of the plugin: its manifest, reader, writer, sample data and commands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from npe2 import PluginManifest
from reading_screen import SAMPLES
from strategies import oblique_geometry
from window_driver import settle

from gist_imaging.errors import GistImagingError, MaskError
from gist_imaging.io.read import read_mask, read_volume
from gist_imaging.spatial import Volume
from gist_napari.layers import DisplayGrid
from gist_napari.reader import get_reader, layer_of
from gist_napari.writer import write_labels

pytestmark = pytest.mark.gui

SCAN = SAMPLES / "SYN-002" / "baseline" / "MR"


def test_the_manifest_is_valid_and_everything_that_it_names_can_be_imported():
    manifest = PluginManifest.from_distribution("gist-imaging")

    manifest.validate_imports()
    assert {command.id.split(".")[0] for command in manifest.contributions.commands} == {"gist-imaging"}


def test_the_reader_takes_scans_and_declines_everything_else(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("nothing of ours")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")

    assert get_reader(str(SCAN)) is not None
    assert get_reader(str(next(SCAN.iterdir()))) is not None
    assert get_reader(str(tmp_path)) is None
    assert get_reader(str(tmp_path / "notes.txt")) is None
    assert get_reader(str(tmp_path / "picture.png")) is None


def test_a_layer_shows_the_values_where_the_geometry_says_and_has_no_affine():
    volume = read_volume(SCAN)
    read = get_reader(str(SCAN))
    assert read is not None
    ((voxels, described, kind),) = read(str(SCAN))

    grid = DisplayGrid(volume.geometry)
    assert kind == "image"
    assert "affine" not in described
    for shown in np.random.default_rng(3).integers(0, grid.shape, (50, 3)):
        native = tuple(np.rint(grid.to_native(shown)).astype(int))
        assert voxels[tuple(shown)] == volume.voxels[native]
        at = np.asarray(described["translate"]) + shown * np.asarray(described["scale"])
        assert np.allclose(grid.to_patient(at), volume.geometry.to_patient(native), atol=1e-6)


def test_a_mask_that_was_painted_in_napari_is_written_on_the_scans_own_grid(tmp_path: Path):
    geometry = oblique_geometry(shape=(7, 12, 9))
    volume = Volume(np.zeros(geometry.shape, dtype=np.int16), geometry)
    _, described, _ = layer_of(volume, "scan")
    native = np.zeros(geometry.shape, dtype=bool)
    native[2:4, 5:9, 1:6] = True
    native[2, 5, 1] = False  # lopsided
    painted = DisplayGrid(geometry).displayed(native).astype(np.uint8)

    (path,) = write_labels(str(tmp_path / "mask.nii.gz"), painted, described)

    assert np.array_equal(read_mask(path, like=volume).voxels, native)


@pytest.mark.parametrize(
    ("voxels", "metadata", "told"),
    [
        (np.zeros((2, 2, 2), np.uint8), {}, "does not say where it lies"),
        (np.zeros((2, 2, 2), np.float32), None, "float32"),
        (np.zeros((2, 2, 2), np.uint8), None, "shape"),
    ],
    ids=["no grid", "fractions", "another shape"],
)
def test_a_mask_that_cannot_be_placed_is_refused(tmp_path: Path, voxels, metadata, told):
    geometry = oblique_geometry(shape=(7, 12, 9))
    volume = Volume(np.zeros(geometry.shape, dtype=np.int16), geometry)
    held = layer_of(volume, "scan")[1]["metadata"] if metadata is None else metadata

    with pytest.raises(MaskError, match=told):
        write_labels(str(tmp_path / "mask.nii.gz"), voxels, {"metadata": held})
    assert not list(tmp_path.iterdir())


def test_the_commands_open_a_mask_only_on_a_scan_of_ours():
    from napari.components import ViewerModel

    from gist_napari.commands import new_mask

    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 5, 6)), name="foreign")
    with pytest.raises(GistImagingError, match="another layer"):
        new_mask(viewer)
    voxels, described, _ = layer_of(read_volume(SCAN), "ours")
    image = viewer.add_image(voxels, **described)
    viewer.layers.selection.active = image

    labels = new_mask(viewer)

    assert labels.data.shape == voxels.shape
    assert np.allclose(labels.scale, image.scale)
    assert labels.metadata["gist_grid"] == described["metadata"]["gist_grid"]


def test_a_sample_patient_opens_as_two_image_layers():
    from napari.components import ViewerModel

    from gist_napari.sample_data import syn_003

    viewer = ViewerModel()
    for voxels, described, _ in syn_003():
        viewer.add_image(voxels, **described)

    assert [layer.name for layer in viewer.layers] == ["SYN-003 baseline", "SYN-003 presurgery"]


def test_the_reading_screen_fills_naparis_window_and_gives_it_back(qapp):
    import napari
    from qtpy.QtWidgets import QDockWidget

    from gist_napari.commands import open_reading
    from gist_napari.window import ReadingDock

    viewer = napari.Viewer()
    _, dock = viewer.window.add_plugin_dock_widget("gist-imaging", "Reading screen")
    settle(0.5)
    main = dock.window()
    shown = [one for one in main.findChildren(QDockWidget) if one.isVisible()]

    assert isinstance(dock, ReadingDock)
    assert ReadingDock.in_viewer(viewer) is dock
    assert open_reading(viewer) is dock
    assert dock.session.reader == "R1"
    assert not main.centralWidget().isVisible()
    assert len(shown) == 1
    assert dock.width() >= main.width() - 20

    dock.leave()
    settle(0.3)
    assert main.centralWidget().isVisible()
    assert not dock.isVisible()
    viewer.close()
