"""A study on a network share is refused, with the kind of share and what to do instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from gist_imaging.errors import StoreError
from gist_imaging.store.place import mounts_of_this_machine, network_file_system, refuse_network


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afpfs"])
def test_a_share_is_refused_also_for_folders_that_are_not_there_yet(tmp_path: Path, kind: str) -> None:
    mounts = [("/", "ext4"), (str(tmp_path), kind)]

    with pytest.raises(StoreError, match=rf"network share \({kind}\)"):
        refuse_network(tmp_path / "not" / "yet", lambda: mounts)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "apfs", "tmpfs", "overlay", "zfs", "fuseblk"])
def test_a_disk_of_this_machine_is_taken(tmp_path: Path, kind: str) -> None:
    assert network_file_system(tmp_path, lambda: [("/", "nfs4"), (str(tmp_path), kind)]) is None


def test_the_nearest_and_last_mount_counts_and_names_are_whole(tmp_path: Path) -> None:
    at = str(tmp_path / "data")
    assert network_file_system(tmp_path / "data2", lambda: [("/", "ext4"), (at, "nfs")]) is None
    assert network_file_system(tmp_path / "data", lambda: [("/", "ext4"), (at, "nfs"), (at, "ext4")]) is None
    assert network_file_system(tmp_path / "data", lambda: [("/", "ext4"), (at, "ext4"), (at, "nfs")]) == "nfs"


def test_a_link_to_a_share_is_followed(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "share")
    mounts = [("/", "ext4"), (str(tmp_path / "share"), "cifs")]

    assert network_file_system(tmp_path / "link" / "study", lambda: mounts) == "cifs"


def test_the_mounts_of_this_machine_can_be_read() -> None:
    assert any(place == "/" for place, _ in mounts_of_this_machine())
