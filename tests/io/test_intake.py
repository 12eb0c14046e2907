from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
from dicom_files import dicom_bytes, slice_header, write_series, write_slice

from gist_imaging import scan_folder
from gist_imaging.io.folder import files_below
from gist_imaging.io.intake import HeadSize, Look, look_at
from gist_imaging.io.limits import Limits
from gist_imaging.problems import Code
from gist_imaging.study import FrameFacts

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
LIMITS = Limits()


def codes(folder: Path, limits: Limits = LIMITS) -> dict[str, Code]:
    return {refused.file: refused.problem.code for refused in files_below(str(folder), limits).refused}


def names(folder: Path, limits: Limits = LIMITS) -> list[str]:
    return [name for _, name in files_below(str(folder), limits).files]


def test_a_plain_image_is_read_here_and_others_are_passed_on(tmp_path):
    plain = write_slice(tmp_path / "plain")
    other = write_slice(tmp_path / "other", ImageType=["ORIGINAL", "PRIMARY", "MOSAIC"])

    assert isinstance(look_at(str(plain), "plain", LIMITS, HeadSize()), FrameFacts)
    assert look_at(str(other), "other", LIMITS, HeadSize()) is Look.DICOM


def test_a_header_longer_than_the_first_read_is_still_read_here(tmp_path):
    header = slice_header()
    header.private_block(0x0009, "LONG", create=True).add_new(1, "OB", bytes(100_000))
    path = tmp_path / "long"
    path.write_bytes(dicom_bytes(header))

    facts = look_at(str(path), "long", LIMITS, HeadSize())

    assert isinstance(facts, FrameFacts)
    content = path.read_bytes()
    assert facts.pixel_offset is not None
    assert content[facts.pixel_offset :] == header.PixelData


def test_names_are_relative_and_in_order(tmp_path):
    for name in ("b/2", "b/1", "a", "c/d/e"):
        write_slice(tmp_path / name)

    assert names(tmp_path) == ["a", "b/1", "b/2", "c/d/e"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_and_a_socket_are_refused_and_never_opened(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")

    assert codes(tmp_path) == {"pipe": Code.NOT_A_REGULAR_FILE, "socket": Code.NOT_A_REGULAR_FILE}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_given_as_the_file_itself_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    (refused,) = scan_folder(tmp_path / "pipe").refused

    assert refused.problem.code is Code.NOT_A_REGULAR_FILE


@needs_links
def test_links_that_leave_the_folder_are_refused_and_not_followed(tmp_path):
    outside = write_series(tmp_path / "outside")
    inside = write_series(tmp_path / "given" / "scan").parent
    (inside / "file").symlink_to(outside / "IM0000")
    (inside / "folder").symlink_to(outside, target_is_directory=True)
    (inside / "beside").symlink_to(tmp_path / "given2", target_is_directory=True)
    (tmp_path / "given2").mkdir()

    assert codes(inside) == dict.fromkeys(("file", "folder", "beside"), Code.LINK_OUTSIDE_ROOT)
    assert len(names(inside)) == 4


@needs_links
def test_links_that_stay_inside_add_nothing_and_loops_end(tmp_path):
    write_series(tmp_path / "scan")
    (tmp_path / "scan" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "copy").symlink_to(tmp_path / "scan" / "IM0000")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")

    assert len(names(tmp_path)) == 4
    assert codes(tmp_path) == dict.fromkeys(("circle", "nowhere"), Code.NOT_A_REGULAR_FILE)


def test_folders_are_read_to_the_depth_allowed_inclusive(tmp_path):
    write_slice(tmp_path / "1/2/3/file")
    write_slice(tmp_path / "1/2/file")

    assert names(tmp_path, Limits(folder_depth_at_most=3)) == ["1/2/file", "1/2/3/file"]
    assert names(tmp_path, Limits(folder_depth_at_most=2)) == ["1/2/file"]
    assert codes(tmp_path, Limits(folder_depth_at_most=2)) == {"1/2/3": Code.LIMIT_DEPTH}


def test_as_many_entries_as_allowed_are_read_inclusive(tmp_path):
    for position in range(20):
        (tmp_path / f"{position}").touch()

    assert len(names(tmp_path, Limits(entries_at_most=20))) == 20
    assert codes(tmp_path, Limits(entries_at_most=19)) == {".": Code.LIMIT_FILES}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    write_slice(tmp_path / "file").chmod(0)

    (refused,) = scan_folder(tmp_path).refused

    assert refused.problem.code is Code.NOT_A_REGULAR_FILE


def test_a_file_larger_than_allowed_is_refused(tmp_path):
    path = write_slice(tmp_path / "file")
    limits = Limits(file_at_most_bytes=path.stat().st_size - 1)

    (refused,) = scan_folder(tmp_path, limits=limits).refused

    assert refused.problem.code is Code.LIMIT_SIZE
