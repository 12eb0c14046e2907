"""Segmentation by an nnInteractive server that the user names; its weights' licence goes with every mask.

The server runs elsewhere, with its own weights: the official ones are under CC BY-NC-SA 4.0, which forbids
commercial use. Isensee et al., arXiv:2503.08373.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gist_imaging.errors import Cancelled, GistImagingError, PromptError
from gist_imaging.io.remote_server import IMAGE_SECONDS, Lease, RemoteServer, json_object
from gist_imaging.io.remote_wire import packed_array, unpacked_array
from gist_imaging.provenance import Provenance
from gist_imaging.segment.prompts import PromptLog
from gist_imaging.segment.seeded_strokes import Stroke, stroke_of
from gist_imaging.spatial.mask import Mask
from gist_imaging.spatial.volume import Volume
from gist_imaging.watched import watched

__all__ = ["Connection", "check_connection", "segment_by_server", "segment_remotely"]

URL_VARIABLE = "GIST_IMAGING_NNINTERACTIVE_URL"
# The name that the server's own client reads its key from.
KEY_VARIABLE = "NN_INTERACTIVE_API_KEY"
_LICENCE_UNKNOWN = (
    "not stated by the server; the official weights are CC BY-NC-SA 4.0 (no commercial use), so ask its owner"
)
_MISSING = "!!MISSING!!"
# The server takes target buffers of up to 4 GiB; an image of 512 x 512 x 2000 in 4 bytes has 2.
IMAGE_AT_MOST_BYTES = 2 * 1024**3
_TEXT_AT_MOST = 200

Tick = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Connection:
    """What "test connection" found.

    Parameters
    ----------
    reachable : whether a server of the right kind answered and accepted the key
    verdict : one sentence for people
    version : of the server's inference session
    weights_licence : as the server states it, or that it does not
    interactions : kinds of prompts that its weights understand
    private : whether nobody on the way can read the voxels
    """

    reachable: bool
    verdict: str
    version: str | None = None
    weights_licence: str | None = None
    interactions: tuple[str, ...] = ()
    private: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what was found as plain values for `json.dumps`."""
        return asdict(self)


def check_connection(server: RemoteServer) -> Connection:
    """Return a plain verdict on a server, also on one that is not there; sends no voxel."""
    try:
        if server.ask_json("/healthz", timeout_s=5.0).get("ok") is not True:
            return Connection(False, f"{server.host} answers, but says that it is not well.")
        told = server.ask_json("/capabilities", timeout_s=10.0)
    except GistImagingError as error:
        return Connection(False, f"No connection: {error.found} ({error.advice}).")
    licence = _licence(told)
    version = _text(told.get("inference_session_version")) or "of unknown version"
    supported = told.get("supported_interactions")
    kinds = tuple(sorted(str(k) for k, on in supported.items() if on)) if isinstance(supported, dict) else ()
    way = "" if server.is_private else " Voxels would travel unencrypted: use https or a tunnel."
    verdict = f"Connected to {server.host}, session {version}. Weights: {licence}.{way}"
    return Connection(True, verdict, version, licence, kinds, server.is_private)


def segment_remotely(
    volume: Volume,
    prompts: PromptLog,
    *,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Mask:
    """Segment by the server that the environment names.

    GIST_IMAGING_NNINTERACTIVE_URL holds its address, NN_INTERACTIVE_API_KEY its key where it needs one.
    """
    url = os.environ.get(URL_VARIABLE)
    if not url:
        raise GistImagingError(
            f"{URL_VARIABLE} names the server",
            "it is not set",
            f"set it, for example {URL_VARIABLE}=http://127.0.0.1:1527, or choose another method",
        )
    server = RemoteServer(url, os.environ.get(KEY_VARIABLE))
    return segment_by_server(server, volume, prompts, progress=progress, cancelled=cancelled)


def segment_by_server(
    server: RemoteServer,
    volume: Volume,
    prompts: PromptLog,
    *,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Mask:
    """Return what the server makes of the prompts; each round is predicted once, with its last prompt.

    Points and scribbles are sent as such, slice by slice; loops and outlines as the server's lasso, its
    closed contour; a box as its middle slice along the array's first axis (along another axis where it is
    flat there), because the official weights know flat boxes only. A loop always holds tumour. Voxels that
    are not a number are sent as the smallest value.

    Raises
    ------
    PromptError
        If there is no prompt, or one lies outside the image.
    GistImagingError
        If the image is too large, or the server cannot be used.
    Cancelled
        If `cancelled` answers true; the session is given back once the running request is answered.
    """
    return watched(lambda tick, stop: _by_server(server, volume, prompts, tick, stop), progress, cancelled)


def _by_server(
    server: RemoteServer,
    volume: Volume,
    prompts: PromptLog,
    progress: Tick | None,
    cancelled: Callable[[], bool] | None,
) -> Mask:
    strokes = [(prompt.round, stroke_of(prompt, volume.geometry)) for prompt in prompts.prompts]
    if not strokes:
        raise PromptError("at least one prompt", "there is none", "draw one stroke inside the tumour")
    requests = [
        (number, path, value, drawn)
        for number, stroke in strokes
        for path, value, drawn in _requests(stroke, stroke.include or stroke.kind == "loop")
    ]
    image = _sendable(volume)
    licence = _licence(server.ask_json("/capabilities"))
    voxels = np.zeros(volume.geometry.shape, dtype=np.bool_)
    total = len(requests) + 1
    with Lease(server) as lease:
        _check(cancelled)
        packed = packed_array(image[np.newaxis])
        _post(lease, "/set_image", {"image_properties": {}}, packed, timeout_s=IMAGE_SECONDS)
        buffer = {"shape": list(volume.geometry.shape), "dtype": "uint8"}
        server.ask("/set_target_buffer", json.dumps(buffer).encode(), {**_JSON, **lease.headers})
        for done, (number, path, value, drawn) in enumerate(requests, start=1):
            if progress is not None:
                progress(done, total)
            _check(cancelled)
            is_last = done == len(requests) or requests[done][0] != number
            value["run_prediction"] = is_last
            content, headers = _post(lease, path, value, drawn, at_most_bytes=voxels.size * 8 + 4096)
            _take_over(voxels, content, headers, path)
    if progress is not None:
        progress(total, total)
    parameters = {"server": "nnInteractive", "weights_licence": licence}
    inputs = (volume.series_uid or f"sha256:{volume.sha256()}", f"sha256:{prompts.sha256()}")
    return Mask(voxels, volume.geometry, provenance=Provenance("segment:nninteractive", parameters, inputs))


_JSON = {"Content-Type": "application/json"}
_BINARY = {"Content-Type": "application/octet-stream"}


def _requests(stroke: Stroke, include: bool) -> Iterator[tuple[str, dict[str, Any], bytes | None]]:
    """Yield path, values and drawing (None for a request in JSON) of what a prompt sends."""
    if stroke.kind == "point":
        for k, j, i in stroke.voxels.tolist():
            yield "/add_point_interaction", {"coordinates": [k, j, i], "include_interaction": include}, None
        return
    if stroke.kind == "box":
        low = np.floor(stroke.points.min(axis=0) + 0.5).astype(int)
        high = np.floor(stroke.points.max(axis=0) + 0.5).astype(int) + 1
        axis = stroke.flat_axes[0] if stroke.flat_axes else 0
        middle = int(low[axis] + high[axis] - 1) // 2
        low[axis], high[axis] = middle, middle + 1
        corners = np.stack([low, high], axis=1).tolist()
        yield "/add_bbox_interaction", {"bbox_coords": corners, "include_interaction": include}, None
        return
    path = "/add_scribble_interaction" if stroke.kind == "scribble" else "/add_lasso_interaction"
    axis = stroke.flat_axes[0] if stroke.flat_axes else 0
    for at in np.unique(stroke.voxels[:, axis]):
        line = stroke.voxels[stroke.voxels[:, axis] == at]
        low, high = line.min(axis=0), line.max(axis=0) + 1
        drawn = np.zeros(high - low, dtype=np.uint8)
        drawn[tuple((line - low).T)] = 1
        bounds = np.stack([low, high], axis=1).tolist()
        yield path, {"interaction_bbox": bounds, "include_interaction": include}, packed_array(drawn)


def _post(
    lease: Lease, path: str, value: dict[str, Any], drawn: bytes | None, **limits: Any
) -> tuple[bytes, Any]:
    if drawn is None:
        return lease.server.ask(path, json.dumps(value).encode(), {**_JSON, **lease.headers}, **limits)
    headers = {**_BINARY, **lease.headers, "X-Meta": json.dumps(value)}
    return lease.server.ask(path, drawn, headers, **limits)


def _take_over(voxels: npt.NDArray[np.bool_], content: bytes, headers: Any, path: str) -> None:
    """Write the part of the mask that an answer holds into `voxels`."""
    told = json_object(headers.get("x-meta", "{}").encode(), path)
    box = told.get("bbox")
    if not told.get("ran_prediction") or box is None or not content:
        return
    try:
        bounds = np.array(box, dtype=np.int64).reshape(3, 2)
    except (TypeError, ValueError):
        bounds = np.full((3, 2), -1)
    if (bounds[:, 0] < 0).any() or (bounds[:, 1] > voxels.shape).any() or (np.diff(bounds) <= 0).any():
        raise GistImagingError(
            "the server answers with a part of the image", "its bounds lie outside", "check the server"
        )
    k, j, i = (slice(low, high) for low, high in bounds.tolist())
    depth, height, width = np.diff(bounds)[:, 0].tolist()
    voxels[k, j, i] = unpacked_array(content, (depth, height, width)) > 0


def _sendable(volume: Volume) -> npt.NDArray[Any]:
    values = volume.voxels
    if values.dtype.kind == "f":
        values = values.astype(np.float32)
        known = np.isfinite(values)
        if not known.all():
            values = np.where(known, values, values[known].min() if known.any() else np.float32(0))
    if values.nbytes > IMAGE_AT_MOST_BYTES:
        raise GistImagingError(
            f"an image of at most {IMAGE_AT_MOST_BYTES} bytes is sent",
            f"this one has {values.nbytes}",
            "give a series with fewer or smaller slices",
        )
    return values


def _licence(told: dict[str, Any]) -> str:
    stated = _text(told.get("license"))
    return stated if stated and stated != _MISSING else _LICENCE_UNKNOWN


def _text(value: Any) -> str | None:
    """Return what a server says of itself as one short line."""
    if value is None:
        return None
    return " ".join(str(value).split())[:_TEXT_AT_MOST] or None


def _check(cancelled: Callable[[], bool] | None) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled
