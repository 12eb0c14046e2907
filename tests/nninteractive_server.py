"""A small stand-in for an nnInteractive server: it marks a cube around every include point or line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np

from gist_imaging.io.remote_wire import packed_array

CAPABILITIES = {
    "supported_interactions": {
        "points": True,
        "scribble": True,
        "lasso": True,
        "bbox2d": True,
        "bbox3d": False,
    },
    "inference_session_version": 2,
    "license": "CC BY-NC-SA 4.0",
}


class Fake:
    """What the server was asked, and what it shall answer instead of the usual."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], dict[str, str], bytes]] = []
        self.instead: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.mask = np.zeros((1, 1, 1), dtype=np.uint8)
        self.url = ""

    def paths(self) -> list[str]:
        return [path for path, _, _, _ in self.asked if path != "/heartbeat"]

    def answer(self, path: str, value: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        plain: dict[str, Any] = {
            "/healthz": {"ok": True},
            "/capabilities": CAPABILITIES,
            "/claim": {"lease_token": "token", "liveness_timeout_seconds": 60.0},
        }
        if path == "/set_target_buffer":
            self.mask = np.zeros(value["shape"], dtype=np.uint8)
        if not path.startswith("/add_"):
            return {}, json.dumps(plain.get(path, {})).encode()
        bounds = value.get("bbox_coords") or value.get("interaction_bbox")
        if bounds is None:
            bounds = [[n, n + 1] for n in value["coordinates"]]
        box = [
            [max(0, low - 1), min(n, high + 1)]
            for (low, high), n in zip(bounds, self.mask.shape, strict=True)
        ]
        self.mask[tuple(slice(*pair) for pair in box)] = value["include_interaction"]
        if not value["run_prediction"]:
            return {"X-Meta": json.dumps({"ran_prediction": False, "bbox": None})}, b""
        whole = [[0, n] for n in self.mask.shape]
        return {"X-Meta": json.dumps({"ran_prediction": True, "bbox": whole})}, packed_array(self.mask)


@contextmanager
def serving() -> Iterator[Fake]:
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            stated = self.headers.get("X-Meta")
            is_json = self.headers.get("Content-Type") == "application/json"
            value = json.loads(stated) if stated else json.loads(body) if is_json else {}
            fake.asked.append((self.path, value, dict(self.headers), body))
            if self.path in fake.instead:
                status, headers, content = fake.instead[self.path]
            else:
                status, (headers, content) = 200, fake.answer(self.path, value)
            self.send_response(status)
            for name, text in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the name that the base class calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
