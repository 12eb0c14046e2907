from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dicom_files import dicom_bytes, slice_header, write_series, write_slice
from pydicom.fileset import FileSet
from strategies import REAL_SCANS, needs_real_scans

from gist_imaging import scan_folder
from gist_imaging.errors import Cancelled, GistImagingError
from gist_imaging.problems import Code, Severity
from gist_imaging.study import ScanIndex, Series, SeriesKind


def codes(index: ScanIndex) -> dict[str, Code]:
    return {refused.file: refused.problem.code for refused in index.refused}


def series_codes(series: Series) -> set[Code]:
    return {problem.code for problem in series.problems}


def with_dicomdir(folder: Path, count: int = 4) -> Path:
    """An exported disc: numbered files and the DICOMDIR that lists them."""
    file_set = FileSet()
    for position in range(count):
        header = slice_header(position, StudyID="1", StudyTime="101112", SeriesNumber="1")
        header.AccessionNumber = ""
        dicom_bytes(header)
        file_set.add(header)
    file_set.write(folder)
    return folder / "DICOMDIR"


def test_a_folder_gives_its_series_and_what_was_refused(tmp_path):
    write_series(tmp_path / "ct", series="ct")
    write_series(tmp_path / "mr", series="mr", modality="MR")
    (tmp_path / "note.txt").write_text("nothing")

    index = scan_folder(tmp_path)

    assert [(series.modality, series.kind, series.n_files) for series in index.series] == [
        (series.modality, SeriesKind.VOLUME, 4) for series in index.series
    ]
    assert {series.modality for series in index.series} == {"CT", "MR"}
    assert codes(index) == {"note.txt": Code.NOT_DICOM}
    assert index.root == tmp_path


def test_the_index_is_json_without_the_patient(tmp_path):
    write_series(tmp_path)
    (tmp_path / "bad").write_bytes(dicom_bytes(slice_header(Rows=9)))

    text = json.dumps(scan_folder(tmp_path).to_json())

    assert "PIXEL_LENGTH_MISMATCH" in text
    assert "MARKER" not in text
    assert "19600101" not in text
    assert str(tmp_path) not in text


def test_the_patient_is_in_no_printed_form_of_the_index(tmp_path):
    write_series(tmp_path)

    assert "MARKER" not in repr(scan_folder(tmp_path))


def test_the_order_and_place_of_the_files_change_nothing(tmp_path):
    write_series(tmp_path / "one")
    for position in range(4):
        write_slice(tmp_path / "two" / f"{3 - position}" / "x", position)

    (one,) = scan_folder(tmp_path / "one").series
    (two,) = scan_folder(tmp_path / "two").series

    assert one.to_json() == two.to_json()


def test_files_read_here_and_files_read_by_pydicom_make_one_series(tmp_path):
    write_series(tmp_path, 6)
    declined = slice_header(2)
    declined.private_block(0x0019, "ANY", create=True).add_new(0x0C, "LO", "left to pydicom")
    (tmp_path / "IM0002").write_bytes(dicom_bytes(declined))

    (series,) = scan_folder(tmp_path).series

    assert (series.kind, series.shape) == (SeriesKind.VOLUME, (6, 6, 5))


def test_one_file_can_be_given(tmp_path):
    (series,) = scan_folder(write_slice(tmp_path / "file")).series

    assert series_codes(series) == {Code.SINGLE_SLICE}
    assert series.frames[0].name == "file"


def test_nothing_at_the_path_is_said_in_three_parts(tmp_path):
    with pytest.raises(GistImagingError, match="there is nothing named 'missing'") as error:
        scan_folder(tmp_path / "missing")

    assert all((error.value.expected, error.value.found, error.value.advice))
    assert str(tmp_path) not in str(error.value)


def test_an_empty_folder_gives_an_empty_index(tmp_path):
    index = scan_folder(tmp_path)

    assert (index.series, index.refused) == ((), ())


def test_progress_ends_with_all_files(tmp_path):
    write_series(tmp_path, 70)
    write_slice(tmp_path / "other", ImageType=["ORIGINAL", "PRIMARY", "MOSAIC"])
    seen: list[tuple[int, int]] = []

    scan_folder(tmp_path, progress=lambda done, total: seen.append((done, total)))

    assert seen == sorted(seen)
    assert seen[0] == (0, 71)
    assert seen[-1] == (71, 71)


def test_the_work_stops_when_it_is_cancelled_and_can_be_started_again(tmp_path):
    write_series(tmp_path, 5)

    with pytest.raises(Cancelled):
        scan_folder(tmp_path, cancelled=lambda: True)
    assert len(scan_folder(tmp_path, cancelled=lambda: False).volumes) == 1


def test_copies_are_dropped_and_contradictions_are_told(tmp_path):
    write_series(tmp_path)
    shutil.copy(tmp_path / "IM0001", tmp_path / "copy")
    (copied,) = scan_folder(tmp_path).series
    header = slice_header(1)
    header.PixelData = bytes(len(header.PixelData))
    (tmp_path / "copy").write_bytes(dicom_bytes(header))
    (contradicted,) = scan_folder(tmp_path).series

    assert series_codes(copied) == {Code.IDENTICAL_DUPLICATE}
    assert Code.DUPLICATE_INSTANCE in series_codes(contradicted)


def test_a_dicomdir_lists_its_files_and_is_itself_neither_series_nor_refused(tmp_path):
    directory = with_dicomdir(tmp_path)
    write_slice(tmp_path / "not_listed", 9)

    by_directory = scan_folder(directory)
    by_folder = scan_folder(tmp_path)

    assert [series.n_files for series in by_directory.series] == [4]
    assert [series.n_files for series in by_folder.series] == [5]
    assert (by_directory.refused, by_folder.refused) == ((), ())


@pytest.mark.parametrize("given", ["", "DICOMDIR"])
def test_files_that_a_dicomdir_lists_and_that_are_missing_are_told(tmp_path, given):
    with_dicomdir(tmp_path)
    last = max(path for path in tmp_path.rglob("*") if path.is_file() and path.name != "DICOMDIR")
    last.unlink()

    index = scan_folder(tmp_path / given)

    (series,) = index.series
    assert Code.COUNT_BELOW_EXPECTED in series_codes(series)
    assert codes(index) == {"DICOMDIR": Code.NOT_A_REGULAR_FILE}


def test_a_disc_whose_names_came_out_in_lower_case_is_read(tmp_path):
    directory = with_dicomdir(tmp_path / "disc")
    for path in sorted((tmp_path / "disc").rglob("*"), reverse=True):
        if path != directory:
            path.rename(path.with_name(path.name.lower()))

    index = scan_folder(directory)

    assert [series.n_files for series in index.series] == [4]
    assert index.refused == ()


@pytest.mark.parametrize("outside", [b"..\\..\\X", b"C:\\X\\YY\\", b"/ETC/XX\\"])
def test_a_dicomdir_that_points_out_of_its_folder_is_refused(tmp_path, outside):
    directory = with_dicomdir(tmp_path / "disc", 1)
    content = directory.read_bytes()
    at = content.index(b"\x04\x00\x00\x15CS")
    length = int.from_bytes(content[at + 6 : at + 8], "little")
    directory.write_bytes(content[: at + 8] + outside.ljust(length) + content[at + 8 + length :])
    write_slice(tmp_path / "X")

    index = scan_folder(directory)

    assert codes(index) == {"DICOMDIR": Code.LINK_OUTSIDE_ROOT}
    assert index.series == ()


def test_a_dicomdir_is_known_by_what_it_is_and_not_by_its_name(tmp_path):
    directory = with_dicomdir(tmp_path)
    expected = scan_folder(directory).to_json()
    renamed = directory.rename(tmp_path / "index-of-disc.dcm")

    assert scan_folder(renamed).to_json() == expected
    assert len(expected["series"]) == 1


@pytest.mark.parametrize("given", ["", "DICOMDIR"])
def test_a_dicomdir_that_names_no_file_is_told(tmp_path, given):
    FileSet().write(tmp_path)

    index = scan_folder(tmp_path / given)

    assert codes(index) == {"DICOMDIR": Code.BAD_VALUE}
    assert "names none" in index.refused[0].problem.message


def test_an_empty_path_is_not_the_working_folder(tmp_path, monkeypatch):
    write_series(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert len(scan_folder(".").series) == 1
    with pytest.raises(GistImagingError, match="an empty path was given"):
        scan_folder("")


def test_a_broken_dicomdir_is_refused(tmp_path):
    directory = with_dicomdir(tmp_path)
    directory.write_bytes(directory.read_bytes()[:500])

    index = scan_folder(tmp_path)

    assert list(codes(index)) == ["DICOMDIR"]
    assert len(index.volumes) == 1


def test_plain_images_are_indexed_without_loading_pydicom(tmp_path):
    write_series(tmp_path)
    script = (
        "import sys; from gist_imaging import scan_folder\n"
        f"index = scan_folder({str(tmp_path)!r})\n"
        "assert len(index.volumes) == 1\n"
        "print('pydicom' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)

    assert done.stdout.strip() == "False", done.stderr


@needs_real_scans
@pytest.mark.real
@pytest.mark.parametrize("folder", ["broken_or_odd", "transfer_syntaxes", "ingest", "seg_sr"])
def test_every_real_file_ends_in_a_series_or_as_refused(folder):
    index = scan_folder(REAL_SCANS / folder)

    files = {
        os.path.relpath(Path(below) / name, REAL_SCANS / folder)
        for below, _, names in os.walk(REAL_SCANS / folder)
        for name in names
    }
    in_series = {frame.name for series in index.series for frame in series.frames}
    refused = {each.file for each in index.refused}
    left = {name for name in files - in_series - refused if not Path(name).name.startswith("DICOMDIR")}
    # Only copies of an image that is there may be missing from the series.
    copies = any(Code.IDENTICAL_DUPLICATE in series_codes(series) for series in index.series)
    contradictions = any(Code.DUPLICATE_INSTANCE in series_codes(series) for series in index.series)
    assert not left or copies or contradictions, left
    assert in_series <= files
    assert all(each.problem.severity is Severity.REFUSED for each in index.refused)


@needs_real_scans
@pytest.mark.real
def test_the_real_files_that_cannot_be_read_are_refused_by_name():
    found = codes(scan_folder(REAL_SCANS / "broken_or_odd"))

    expected = {
        "pydicom__MR_truncated.dcm": Code.TRUNCATED,
        "pydicom__rtplan_truncated.dcm": Code.TRUNCATED,
        "pydicom__badVR.dcm": Code.PIXEL_LENGTH_MISMATCH,
        "pydicom__meta_missing_tsyntax.dcm": Code.MISSING_REQUIRED_TAGS,
        "pydicom__nested_priv_SQ.dcm": Code.MISSING_REQUIRED_TAGS,
        "pydicom__no_meta.dcm": Code.NOT_DICOM,
    }
    assert {name: found.get(name) for name in expected} == expected


@needs_real_scans
@pytest.mark.real
def test_real_dicomdirs_are_read_in_every_variant():
    tree = REAL_SCANS / "ingest" / "dicomdir_tree"

    for name in ("", "-implicit", "-bigEnd", "-nooffset", "-nopatient", "-reordered"):
        index = scan_folder(tree / f"DICOMDIR{name}")
        assert sum(len({frame.name for frame in series.frames}) for series in index.series) == 31
        assert len(index.series) == 23
        assert index.refused == ()
    named = {name for name in codes(scan_folder(tree)) if name.startswith("DICOMDIR")}
    assert named == {"DICOMDIR-empty.dcm"}
