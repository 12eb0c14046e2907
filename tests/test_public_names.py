import pickle
import subprocess
import sys

import pytest

import gist_imaging
from gist_imaging import errors
from gist_imaging.problems import ADVICE, Code, Override, Problem, Severity


@pytest.mark.parametrize("name", gist_imaging.__all__)
def test_every_public_name_can_be_imported(name):
    assert getattr(gist_imaging, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = gist_imaging.no_such_name


@pytest.mark.parametrize(
    "before",
    [
        "",
        "import gist_imaging.segment.seeded",
        "from gist_imaging.segment.prompts import PromptLog",
        "from gist_imaging.segment import methods",
        "gi.segment; import gist_imaging.segment.refine",
    ],
)
def test_segment_is_a_function_and_a_package_whatever_was_imported_before(before):
    script = (
        "import gist_imaging as gi\n"
        f"{before}\n"
        "import numpy as np\n"
        "from gist_imaging import segment\n"
        "grid = gi.Geometry.from_spacing((6, 20, 20), (3.0, 1.0, 1.0), (5.0, -9.0, 7.0), np.eye(3)[::-1])\n"
        "volume = gi.Volume(np.zeros(grid.shape, np.int16), grid)\n"
        "point = gi.Prompt('point', grid.to_patient([[3, 10, 10]]), True)\n"
        "masks = [gi.segment(volume, [point]), segment(volume, gi.PromptLog((point,)), method='seeded')]\n"
        "import gist_imaging.segment.live_wire\n"
        "masks.append(gi.segment(volume, (p for p in [point])))\n"
        "assert masks[0].voxels[3, 10, 10]\n"
        "assert len({mask.sha256() for mask in masks}) == 1\n"
        "assert gist_imaging.segment.live_wire.__name__ == 'gist_imaging.segment.live_wire'\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("heavy", ["numpy", "pandas", "SimpleITK", "pydicom", "matplotlib", "skimage"])
def test_importing_the_package_loads_nothing_heavy(heavy):
    script = f"import sys, gist_imaging; sys.exit({heavy!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


@pytest.mark.parametrize("heavy", ["numpy", "pandas", "SimpleITK", "pydicom", "matplotlib", "skimage"])
def test_the_help_of_the_command_line_loads_nothing_heavy(heavy):
    script = (
        "import sys\n"
        "from gist_imaging.cli.main import run\n"
        "sys.argv = ['gist-imaging', '--help']\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        f"sys.exit({heavy!r} in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 0


def test_every_code_has_its_severity_and_advice():
    assert set(ADVICE) == set(Code)
    assert Code.SINGLE_SLICE.severity is Severity.ERROR
    assert Code.MOSAIC_NO_GEOMETRY.severity is Severity.ERROR
    assert Code.GAP_EXCEEDS_THICKNESS.severity is Severity.WARNING
    assert Code.MASK_TOUCHES_EDGE.severity is Severity.WARNING
    assert Code.LOCALIZER.severity is Severity.NOT_A_VOLUME
    assert Code.SEGMENTATION.severity is Severity.NOT_A_VOLUME
    assert Code.NOT_DICOM.severity is Severity.REFUSED
    assert Code.LINK_OUTSIDE_ROOT.severity is Severity.REFUSED


def test_an_override_needs_a_reason_and_a_gate_error():
    with pytest.raises(errors.GistImagingError, match="needs a reason"):
        Override(Code.TILT, "  ")
    with pytest.raises(errors.GistImagingError, match="only errors"):
        Override(Code.LOSSY_COMPRESSED, "looks fine")


@pytest.mark.parametrize(
    "error",
    [
        errors.IntakeError(Problem(Code.TRUNCATED, "ends after 600 bytes", "a/b.dcm")),
        errors.SeriesError("1.2.3", (Problem(Code.TILT, "tilted by 15 degrees"),)),
        errors.IdentityError(("PatientID",)),
        errors.TableError("manifest.csv", ("row 2, column image: empty",)),
        errors.Cancelled(),
        errors.MaskError("expected", "found", "advice"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_the_border_of_a_process_unchanged(error):
    copy = pickle.loads(pickle.dumps(error))

    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
