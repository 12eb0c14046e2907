from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from dicom_files import MARKER, dicom_bytes, slice_header, write_series

from gist_imaging import scan_folder
from gist_imaging.errors import IntakeError
from gist_imaging.io.archive import member_bytes
from gist_imaging.io.limits import Limits
from gist_imaging.problems import Code
from gist_imaging.study import ScanIndex

MIB = 1024 * 1024


def zip_of(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def slices(count: int = 4) -> dict[str, bytes]:
    return {f"{MARKER}/IM{n}": dicom_bytes(slice_header(n)) for n in range(count)}


def codes(index: ScanIndex) -> list[tuple[str, Code]]:
    assert "MARKER" not in str(index.to_json())
    return [(refused.file, refused.problem.code) for refused in index.refused]


def test_an_archive_holds_the_series_that_its_folder_held(tmp_path):
    write_series(tmp_path / "folder")
    archive = zip_of(tmp_path / "scan.zip", {"folder/": b"", **slices()})

    (inside,) = scan_folder(archive).series
    (outside,) = scan_folder(tmp_path / "folder").series

    assert inside.to_json() == outside.to_json()
    assert inside.geometry.matches(outside.geometry)
    assert [frame.name for frame in inside.frames] == [f"scan.zip/{n:04d}" for n in (1, 2, 3, 4)]


def test_the_bytes_of_a_member_are_those_that_went_in(tmp_path):
    members = slices()
    archive = zip_of(tmp_path / "scan.zip", members)

    assert [member_bytes(archive, n) for n in range(4)] == list(members.values())


def test_an_archive_found_in_a_folder_is_read_too(tmp_path):
    zip_of(tmp_path / "scan", slices())
    (tmp_path / "note").write_text("nothing")

    index = scan_folder(tmp_path)

    assert len(index.volumes) == 1
    assert codes(index) == [("note", Code.NOT_DICOM)]


def test_names_that_point_elsewhere_are_never_used(tmp_path):
    names = ["../../../outside", "/absolute", "x" * 300, "A.DCM", "a.dcm", "c:\\windows\\x"]
    members = {name: dicom_bytes(slice_header(n)) for n, name in enumerate(names)}
    (tmp_path / "in").mkdir()
    archive = zip_of(tmp_path / "in" / "scan.zip", members)

    (series,) = scan_folder(archive).series

    assert series.n_files == len(names)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "scan.zip"]


def test_a_bad_member_is_refused_and_the_rest_goes_on(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x", b"x" * 200)
    members = {**slices(), "nested": inner.getvalue(), "note": b"text " * 100, "empty": b""}

    index = scan_folder(zip_of(tmp_path / "s.zip", members))

    assert len(index.volumes) == 1
    assert codes(index) == [
        ("s.zip/0004", Code.ARCHIVE_UNSAFE),
        ("s.zip/0005", Code.NOT_DICOM),
        ("s.zip/0006", Code.NOT_DICOM),
    ]


def test_an_encrypted_member_is_refused(tmp_path):
    archive = zip_of(tmp_path / "s.zip", slices(1))
    content = bytearray(archive.read_bytes())
    for mark, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags_at] |= 1
    archive.write_bytes(content)

    assert codes(scan_folder(archive)) == [("s.zip/0000", Code.ARCHIVE_UNSAFE)]


def test_a_stored_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")

    assert codes(scan_folder(tmp_path / "s.zip")) == [("s.zip/0000", Code.NOT_A_REGULAR_FILE)]


def test_an_archive_that_is_mostly_air_is_refused(tmp_path):
    archive = zip_of(tmp_path / "bomb.zip", {"zeros": bytes(64 * MIB)})

    assert archive.stat().st_size < MIB
    assert codes(scan_folder(archive)) == [("bomb.zip", Code.ARCHIVE_UNSAFE)]


def test_the_ratio_does_not_matter_for_small_archives(tmp_path):
    archive = zip_of(tmp_path / "s.zip", {"zeros": bytes(9 * MIB), **slices()})

    assert len(scan_folder(archive).volumes) == 1


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(archive_members_at_most=3), Code.LIMIT_FILES),
        (Limits(archive_bytes_at_most=2000), Code.LIMIT_SIZE),
    ],
)
def test_an_archive_beyond_the_limits_is_refused_as_a_whole(tmp_path, limits, code):
    archive = zip_of(tmp_path / "s.zip", slices())

    assert codes(scan_folder(archive, limits=limits)) == [("s.zip", code)]


def test_a_forged_size_is_refused(tmp_path):
    archive = zip_of(tmp_path / "s.zip", {"a": bytes(5000), **slices(3)}, zipfile.ZIP_STORED)
    content = archive.read_bytes()
    archive.write_bytes(content.replace((5000).to_bytes(4, "little"), (200).to_bytes(4, "little")))

    index = scan_folder(archive)

    assert codes(index) == [("s.zip/0000", Code.ARCHIVE_UNSAFE)]
    assert len(index.volumes) == 1


def test_changed_bytes_are_refused(tmp_path):
    archive = zip_of(tmp_path / "s.zip", slices(1), zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[600] ^= 0xFF
    archive.write_bytes(content)

    assert codes(scan_folder(archive)) == [("s.zip/0000", Code.ARCHIVE_UNSAFE)]


def test_an_archive_cut_short_is_refused(tmp_path):
    archive = zip_of(tmp_path / "s.zip", slices())
    archive.write_bytes(archive.read_bytes()[:-100])

    assert codes(scan_folder(archive)) == [("s.zip", Code.TRUNCATED)]


def test_an_archive_without_any_dicom_is_one_refusal(tmp_path):
    archive = zip_of(tmp_path / "report.docx", {f"part{n}.xml": b"<xml/>" * 50 for n in range(9)})

    assert codes(scan_folder(archive)) == [("report.docx", Code.NOT_DICOM)]


def test_a_member_is_read_again_when_the_archive_has_changed(tmp_path):
    archive = zip_of(tmp_path / "s.zip", {"a": b"one" * 100})
    first = member_bytes(archive, 0)
    zip_of(archive, {"a": b"second" * 100})

    assert (first, member_bytes(archive, 0)) == (b"one" * 100, b"second" * 100)


def test_a_nested_archive_names_its_place_and_not_its_name(tmp_path):
    archive = zip_of(tmp_path / "s.zip", {MARKER: b"\x1f\x8b" + bytes(300)})

    with pytest.raises(IntakeError, match=r"s\.zip/0000") as refused:
        member_bytes(archive, 0)

    assert "MARKER" not in str(refused.value)
