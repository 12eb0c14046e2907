"""Opening a mask file as a proposal: which structure, on which grid, and for which lesion."""

from __future__ import annotations

import mask_files
import numpy as np
import panel_cases
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QFileDialog

from gist_imaging.io.mask_write import write_mask
from gist_imaging.io.read import read_mask
from gist_imaging.spatial import Mask
from gist_imaging.spatial.resample import resample_mask

pytestmark = pytest.mark.gui

PRE, POST = "baseline", "presurgery"


@pytest.fixture
def panel(monkeypatch, qtbot, tmp_path):
    panel = panel_cases.shown_panel(monkeypatch, qtbot, tmp_path, panel_cases.sample_case())
    panel.show_page("segment")
    panel.session.new_lesion()
    panel.session.choose_visit(PRE)
    QApplication.processEvents()
    panel.segment.more.open()
    yield panel
    panel.session.close()


@pytest.fixture
def tools(panel):
    return panel.segment.more


@pytest.fixture
def opens(monkeypatch, qtbot, tools):
    """Open a file by the button, and wait until it was read."""

    def open_file(path):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_named: (str(path), ""))
        qtbot.mouseClick(tools.file, Qt.MouseButton.LeftButton)
        ended(qtbot, tools)

    return open_file


def ended(qtbot, tools):
    qtbot.waitUntil(lambda: not tools.session.jobs.busy, timeout=60_000)
    for _ in range(4):
        QApplication.processEvents()


def truth() -> tuple[Mask, Mask]:
    """The tumour of the baseline, and something else beside it on the same grid."""
    tumour = next(mask for label, _, _, mask in panel_cases.scans_of("SYN-002") if label == PRE)
    (k, j, i), _ = tumour.bounding_box
    other = Mask.of_part(np.ones((2, 5, 6), dtype=bool), (k, j - 12, i), tumour.geometry)
    assert not (tumour.voxels & other.voxels).any()
    return tumour, other


def written(kind, folder):
    """Write both structures; the tumour is number 2."""
    tumour, other = truth()
    if kind == "seg":
        held = {1: other.voxels, 2: tumour.voxels}
        return mask_files.write_seg(folder / "seg.dcm", held, tumour.geometry)
    outlines = {
        name: mask_files.outlines_mm(mask.voxels, mask.geometry)
        for name, mask in (("bladder", other), ("tumour", tumour))
    }
    return mask_files.write_rtstruct(folder / "outlines.dcm", outlines, tumour.geometry.frame_uid)


@pytest.mark.parametrize("kind", ["seg", "rtstruct"])
def test_of_several_structures_the_reader_chooses_one_and_it_becomes_the_proposal(
    kind, tools, opens, qtbot, tmp_path
):
    path, case = written(kind, tmp_path), tools.session.case
    opens(path)

    assert case.state.proposal("L1", PRE) is None
    assert tools.structure.isVisible()
    assert tools.structure.ask.text() == f"{path.name} holds 2 structures. Which one is L1 on PRE?"
    assert [tools.structure.list.itemData(n) for n in range(2)] == [1, 2]
    assert tools.structure.list.currentIndex() == -1

    tools.structure.list.setCurrentIndex(1)
    qtbot.mouseClick(tools.structure.take, Qt.MouseButton.LeftButton)
    ended(qtbot, tools)

    volume = case.measured_volume(PRE)
    proposal = case.state.proposal("L1", PRE)
    np.testing.assert_array_equal(proposal.voxels, read_mask(path, like=volume, label=2).voxels)
    np.testing.assert_array_equal(proposal.voxels, truth()[0].voxels)
    assert case.state.plain("proposal_facts", "L1", PRE)["method"] == "imported"
    assert not tools.structure.isVisible()
    assert tools.session.undo() is None
    assert case.state.proposal("L1", PRE) is None


def test_a_file_with_one_structure_asks_nothing(tools, opens, tmp_path):
    tumour, _ = truth()
    opens(write_mask(tmp_path / "tumour.nii.gz", tumour))

    np.testing.assert_array_equal(tools.session.case.state.proposal("L1", PRE).voxels, tumour.voxels)
    assert not tools.structure.isVisible()


def test_enter_without_a_choice_takes_nothing_and_esc_leaves(tools, opens, qtbot, tmp_path, panel):
    opens(written("seg", tmp_path))
    row = tools.structure
    qtbot.waitUntil(row.list.hasFocus, timeout=3000)

    qtbot.keyClick(row.list, Qt.Key.Key_Return)
    row.list.hidePopup()
    assert row.isVisible()
    assert tools.session.case.state.proposal("L1", PRE) is None
    qtbot.keyClick(row, Qt.Key.Key_Escape)

    assert not row.isVisible()
    assert tools.session.case.state.proposal("L1", PRE) is None
    assert panel.said == []


@pytest.mark.parametrize("elsewhere", ["lesion", "visit", "case"])
def test_the_question_goes_when_its_lesion_or_scan_is_left(elsewhere, tools, opens, tmp_path):
    opens(written("seg", tmp_path))
    assert tools.structure.isVisible()

    if elsewhere == "lesion":
        tools.session.new_lesion()
    elif elsewhere == "visit":
        tools.session.choose_visit(POST)
    else:
        tools.session.leave_case()
    for _ in range(4):
        QApplication.processEvents()

    assert tools.structure.isHidden()


def test_a_mask_on_another_grid_is_refused_until_resampling_is_asked_for(tools, opens, tmp_path, panel):
    tumour, _ = truth()
    grid = tumour.geometry
    k, j, i = (n - 2 for n in grid.shape)
    onto = resample_mask(tumour, _shifted(grid, (k, j, i)))
    path = write_mask(tmp_path / "shifted.nii.gz", onto)
    opens(path)

    assert tools.session.case.state.proposal("L1", PRE) is None
    assert len(panel.said) == 1
    assert "on the grid of its image" in panel.said[0]
    tools.resample.setChecked(True)
    opens(path)

    volume = tools.session.case.measured_volume(PRE)
    proposal = tools.session.case.state.proposal("L1", PRE)
    expected = read_mask(path, like=volume, resample=True)
    np.testing.assert_array_equal(proposal.voxels, expected.voxels)
    assert proposal.n_voxels == pytest.approx(tumour.n_voxels, rel=0.1)


def _shifted(grid, shape):
    """The inner part of a grid, half a voxel further along its columns."""
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_patient((1.0, 1.0, 1.5))
    return type(grid)(shape, affine, grid.frame_uid)
