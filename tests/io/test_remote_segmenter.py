"""An nnInteractive server, spoken to over HTTP; a small stand-in plays it on this machine."""

import base64
import json
import struct
import time
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from nninteractive_server import CAPABILITIES, serving
from strategies import oblique_geometry

from gist_imaging.errors import Cancelled, GistImagingError, PromptError
from gist_imaging.io.remote_segmenter import check_connection, segment_by_server, segment_remotely
from gist_imaging.io.remote_server import RemoteServer
from gist_imaging.io.remote_wire import packed_array, unpacked_array
from gist_imaging.segment.methods import GROUP
from gist_imaging.segment.prompts import Prompt, PromptLog
from gist_imaging.spatial import Quantity, Volume

# (np.arange(60).reshape(3, 4, 5) % 7 > 3) as uint8, packed by python-blosc2 as the server does.
FROM_SERVER = base64.b64decode(
    "Tk5JQQEBAwV1aW50OAMAAAAAAAAABAAAAAAAAAAFAAAAAAAAAAEAAAA8AAAAAAAAAEYAAAAAAAAABQGVCDwAAAA4AAAARgAAAAAAAAAA"
    "AAUAAAAAAAAAAAAoAAAAQgAAABYAAAAotS/9IDhtAAA4AAAAAAEBAQEAKipGAAAAAA=="
)
PATTERN = np.arange(60).reshape(3, 4, 5) % 7 > 3


@pytest.fixture
def fake():
    with serving() as server:
        yield server


def scan(dtype=np.int16):
    grid = oblique_geometry((8, 20, 18))
    values = np.random.default_rng(1).integers(-100, 300, grid.shape).astype(dtype)
    return Volume(values, grid, Quantity.HU, "1.2.3", "CT")


def prompt(volume, indices, include=True, kind="point", number=0):
    return Prompt(kind, volume.geometry.to_patient(indices), include, number)


def test_an_array_that_the_server_packed_is_read():
    np.testing.assert_array_equal(unpacked_array(FROM_SERVER, (3, 4, 5)), PATTERN)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, ">i2"])
def test_an_array_survives_the_wire(dtype):
    values = np.random.default_rng(0).integers(0, 200, (1, 5, 7, 3)).astype(dtype)

    np.testing.assert_array_equal(unpacked_array(packed_array(values), values.shape), values)


def test_an_array_of_many_chunks_survives_the_wire(monkeypatch):
    values = np.random.default_rng(0).integers(0, 2000, (1, 5, 7, 3)).astype(np.int16)
    whole = packed_array(values)

    monkeypatch.setattr("gist_imaging.io.remote_wire._CHUNK_BYTES", 64)
    chunked = packed_array(values)

    assert len(chunked) > len(whole)
    np.testing.assert_array_equal(unpacked_array(chunked, values.shape), values)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>proxy</html>",
        FROM_SERVER[:40],
        FROM_SERVER[:-10],
        FROM_SERVER.replace(b"uint8", b"objct"),
        FROM_SERVER.replace(struct.pack("<Q", 60), struct.pack("<Q", 2**62), 1),
        FROM_SERVER[:45] + bytes(60),
    ],
    ids=["nothing", "a page", "cut early", "cut late", "no numbers", "a huge length", "no chunk"],
)
def test_bytes_that_are_no_array_are_refused(content):
    with pytest.raises(GistImagingError, match="NNIA"):
        unpacked_array(content, (3, 4, 5))


def test_an_array_of_another_shape_is_refused():
    with pytest.raises(GistImagingError, match="was asked for"):
        unpacked_array(FROM_SERVER, (3, 4, 6))


def test_every_kind_of_prompt_is_sent_in_the_servers_words(fake):
    volume = scan()
    log = PromptLog(
        (
            prompt(volume, [(4, 10, 9)]),
            prompt(volume, [(4, 5, 5), (4, 5, 9)], kind="scribble"),
            prompt(volume, [(1, 2, 3), (5, 8, 9)], kind="box"),
            prompt(volume, [(3, 4, 4), (3, 4, 12), (3, 12, 12), (3, 12, 4)], kind="loop"),
            prompt(volume, [(7, 1, 1)], include=False, number=1),
        )
    )

    found = segment_by_server(RemoteServer(fake.url), volume, log)

    sent = [(path, value) for path, value, _, _ in fake.asked if path.startswith("/add_")]
    assert [path for path, _ in sent] == [
        "/add_point_interaction",
        "/add_scribble_interaction",
        "/add_bbox_interaction",
        "/add_lasso_interaction",
        "/add_point_interaction",
    ]
    assert sent[0][1] == {"coordinates": [4, 10, 9], "include_interaction": True, "run_prediction": False}
    assert sent[1][1]["interaction_bbox"] == [[4, 5], [5, 6], [5, 10]]
    assert sent[2][1]["bbox_coords"] == [[3, 4], [2, 9], [3, 10]]
    assert sent[3][1]["interaction_bbox"] == [[3, 4], [4, 13], [4, 13]]
    assert [value["run_prediction"] for _, value in sent] == [False, False, False, True, True]
    assert sent[4][1]["include_interaction"] is False
    np.testing.assert_array_equal(found.voxels, fake.mask > 0)
    assert not found.is_empty


def test_the_image_arrives_whole_with_nothing_but_its_values(fake):
    volume = scan()

    segment_by_server(RemoteServer(fake.url), volume, PromptLog((prompt(volume, [(4, 10, 9)]),)))

    (sent,) = [entry for entry in fake.asked if entry[0] == "/set_image"]
    np.testing.assert_array_equal(unpacked_array(sent[3], (1, *volume.geometry.shape))[0], volume.voxels)
    assert sent[1] == {"image_properties": {}}
    told = json.dumps([(value, headers) for _, value, headers, _ in fake.asked])
    assert "1.2.3" not in told
    assert volume.geometry.frame_uid not in told
    assert fake.paths()[-1] == "/release"


def test_the_licence_of_the_weights_goes_with_the_mask(fake):
    volume = scan()
    log = PromptLog((prompt(volume, [(4, 10, 9)]),))

    stated = segment_by_server(RemoteServer(fake.url), volume, log)
    fake.instead["/capabilities"] = (200, {}, json.dumps({**CAPABILITIES, "license": "!!MISSING!!"}).encode())
    missing = segment_by_server(RemoteServer(fake.url), volume, log)

    assert stated.provenance.parameters["weights_licence"] == "CC BY-NC-SA 4.0"
    assert "no commercial use" in missing.provenance.parameters["weights_licence"]
    assert stated.provenance.inputs[0] == "1.2.3"


def test_values_that_are_no_numbers_are_sent_as_the_smallest(fake):
    volume = scan(np.float64)
    values = np.array(volume.voxels)
    values[2, 3, 4] = np.nan
    volume = Volume(values, volume.geometry)

    segment_by_server(RemoteServer(fake.url), volume, PromptLog((prompt(volume, [(4, 10, 9)]),)))

    (sent,) = [entry for entry in fake.asked if entry[0] == "/set_image"]
    arrived = unpacked_array(sent[3], (1, *volume.geometry.shape))[0]
    assert arrived.dtype == np.float32
    assert arrived[2, 3, 4] == np.nanmin(values)


def test_a_good_connection_says_version_licence_and_who_reads_along(fake):
    found = check_connection(RemoteServer(fake.url, "key"))

    assert found.reachable
    assert found.private
    assert found.version == "2"
    assert found.weights_licence == "CC BY-NC-SA 4.0"
    assert found.interactions == ("bbox2d", "lasso", "points", "scribble")
    assert "CC BY-NC-SA" in found.verdict
    assert fake.paths() == ["/healthz", "/capabilities"]
    assert fake.asked[1][2]["Authorization"] == "Bearer key"
    assert not RemoteServer("http://gpu.example:1527").is_private


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        ("/healthz", (200, {}, b'{"ok": false}'), "not well"),
        ("/healthz", (200, {}, b"<html>login</html>"), "something else"),
        ("/healthz", (200, {}, b"{}" + b" " * 2_000_000), "more came"),
        ("/capabilities", (401, {}, b""), "refuses with 401"),
        ("/capabilities", (500, {}, b""), "answers 500"),
        ("/healthz", (302, {"Location": "http://127.0.0.1:9/healthz"}, b""), "answers 302"),
    ],
    ids=["ill", "a page", "too much", "wrong key", "broken", "redirect"],
)
def test_a_bad_connection_is_a_plain_verdict(fake, path, answer, says):
    fake.instead[path] = answer

    found = check_connection(RemoteServer(fake.url, "a secret key"))

    assert not found.reachable
    assert says in found.verdict
    assert "a secret key" not in found.verdict


def test_no_server_is_a_plain_verdict():
    with serving() as gone:
        url = gone.url

    found = check_connection(RemoteServer(url))

    assert not found.reachable
    assert "No connection: ConnectionRefusedError" in found.verdict


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://host",
        "host:1527",
        "http://",
        "http://me:pw@host",
        "http://host/a",
        "http://h?q=1",
    ],
)
def test_only_a_plain_address_is_taken(url):
    with pytest.raises(GistImagingError, match="http://host:port") as error:
        RemoteServer(url)
    assert "pw" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        ("/claim", (503, {}, b""), "sessions are taken"),
        ("/claim", (200, {}, b"{}"), "gave none"),
        ("/set_image", (410, {}, b""), "has ended there"),
        ("/add_point_interaction", (200, {"X-Meta": "no json"}, b"x"), "something else"),
        (
            "/add_point_interaction",
            (200, {"X-Meta": '{"ran_prediction": true, "bbox": [[0, 9], [0, 1], [0, 1]]}'}, b"x"),
            "outside",
        ),
        (
            "/add_point_interaction",
            (200, {"X-Meta": '{"ran_prediction": true, "bbox": [[0, 1], [0, 1], [0, 1]]}'}, b"x"),
            "found error",
        ),
    ],
    ids=["full", "no lease", "expired", "no words", "outside", "no array"],
)
def test_a_server_that_fails_on_the_way_is_an_error_and_its_session_is_given_back(fake, path, answer, says):
    fake.instead[path] = answer
    volume = scan()

    with pytest.raises(GistImagingError, match=says):
        segment_by_server(RemoteServer(fake.url), volume, PromptLog((prompt(volume, [(4, 10, 9)]),)))

    assert path == "/claim" or fake.paths()[-1] == "/release"


def test_stopping_gives_the_session_back_and_no_prompt_asks_no_server(fake):
    volume = scan()
    log = PromptLog((prompt(volume, [(4, 10, 9)]),))

    with pytest.raises(Cancelled):
        segment_by_server(RemoteServer(fake.url), volume, log, cancelled=lambda: True)
    assert fake.asked == []
    with pytest.raises(Cancelled):
        segment_by_server(RemoteServer(fake.url), volume, log, cancelled=lambda: "/claim" in fake.paths())
    for _ in range(250):
        if "/release" in fake.paths():
            break
        time.sleep(0.02)
    assert fake.paths()[-1] == "/release"
    fake.asked.clear()
    with pytest.raises(PromptError):
        segment_by_server(RemoteServer(fake.url), volume, PromptLog())
    assert fake.asked == []


def test_the_environment_names_the_server(fake, monkeypatch):
    volume = scan()
    log = PromptLog((prompt(volume, [(4, 10, 9)]),))
    monkeypatch.delenv("GIST_IMAGING_NNINTERACTIVE_URL", raising=False)
    with pytest.raises(GistImagingError, match="is not set"):
        segment_remotely(volume, log)
    monkeypatch.setenv("GIST_IMAGING_NNINTERACTIVE_URL", fake.url)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    told = []

    found = segment_remotely(volume, log, progress=lambda done, total: told.append((done, total)))

    assert found.n_voxels == 27
    assert told == [(1, 2), (2, 2)]


def test_the_project_registers_it_for_the_table_of_methods():
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8"))
    entry = EntryPoint(*project["project"]["entry-points"][GROUP].popitem(), GROUP)

    assert (entry.name, entry.load()) == ("nninteractive", segment_remotely)
