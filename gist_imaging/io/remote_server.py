"""The HTTP conversation with an nnInteractive server (version 2), without torch and without guesses.

Paths and headers are those of `SERVER_CLIENT.md` and `inference/remote/` of nnInteractive 2 (Apache-2.0).
Only the host that the user names is spoken to: no redirect is followed and no proxy is used. What is sent
are voxel values and positions, never a header of the image.
"""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gist_imaging.errors import GistImagingError

__all__ = ["Lease", "RemoteServer"]

# A prediction takes 0.1 to 10 s there; taking in a large image can take minutes.
ANSWER_SECONDS = 60.0
IMAGE_SECONDS = 600.0
_JSON_AT_MOST = 1024 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_AT_CAPACITY, _GONE, _UNAUTHORISED = 503, 410, (401, 403)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_keywords: Any) -> None:
        """Follow none: voxels go to the host that the user named, nowhere else."""


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """A server at an address that the user names.

    Parameters
    ----------
    url : http or https, host and perhaps port; nothing else
    api_key : sent as bearer token; never shown

    Raises
    ------
    GistImagingError
        If the address is none.
    """

    url: str
    api_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username is not None
            or parts.path not in ("", "/")
            or parts.query
            or parts.fragment
        ):
            raise GistImagingError(
                "a server is named as http://host:port or https://host",
                "got another form of address",
                "write scheme, host and port only; a key goes beside it",
            )
        object.__setattr__(self, "url", self.url.rstrip("/"))

    @property
    def host(self) -> str:
        """The host's name."""
        return str(urlsplit(self.url).hostname)

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read along: encrypted, or on this machine."""
        return self.url.startswith("https:") or self.host in _LOOPBACK

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float = ANSWER_SECONDS,
        at_most_bytes: int = _JSON_AT_MOST,
    ) -> tuple[bytes, Mapping[str, str]]:
        """Return body and headers of the answer; a POST where there is a body.

        Raises
        ------
        GistImagingError
            If there is no answer in time, it is no success, or it is larger than `at_most_bytes`.
        """
        request = urllib.request.Request(self.url + path, data=body, headers=dict(headers or {}))  # noqa: S310 - scheme checked at birth
        if self.api_key:
            request.add_header("Authorization", f"Bearer {self.api_key}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        try:
            with opener.open(request, timeout=timeout_s) as answer:
                content = answer.read(at_most_bytes + 1)
                found = {name.lower(): value for name, value in answer.headers.items()}
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(path, error.code) from None
        except (TimeoutError, OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise GistImagingError(
                f"an nnInteractive server answers at {self.url} within {timeout_s:g} s",
                f"{type(reason).__name__} at {path}",
                "check address and port, that the server runs, and that no firewall is between",
            ) from error
        if len(content) > at_most_bytes:
            raise GistImagingError(
                f"an answer of at most {at_most_bytes} bytes", f"more came from {path}", "check the server"
            )
        return content, found

    def ask_json(self, path: str, value: Mapping[str, Any] | None = None, **keywords: Any) -> dict[str, Any]:
        """Return the JSON object that the server answers; `value` is sent as JSON."""
        body = None if value is None else json.dumps(value).encode("utf-8")
        headers = {} if value is None else {"Content-Type": "application/json"}
        content, _ = self.ask(path, body, {**headers, **keywords.pop("headers", {})}, **keywords)
        return json_object(content, path)

    def _refusal(self, path: str, status: int) -> GistImagingError:
        if status in _UNAUTHORISED:
            return GistImagingError(
                f"{self.host} accepts the key", f"it refuses with {status}", "give the key of the server"
            )
        if status == _AT_CAPACITY:
            return GistImagingError(
                f"{self.host} has a free place", "all its sessions are taken", "try again in a minute"
            )
        if status == _GONE:
            return GistImagingError(
                f"{self.host} still knows this session", "it has ended there", "start the segmentation again"
            )
        return GistImagingError(
            f"{self.host} answers {path} with success", f"it answers {status}", "check the server's log"
        )


def json_object(content: bytes, path: str) -> dict[str, Any]:
    """Return the JSON object in `content`."""
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise GistImagingError(
            f"{path} of an nnInteractive server is answered with a JSON object",
            "something else came back",
            "check that it is an nnInteractive server of version 2",
        )
    return value


class Lease:
    """One session on the server, kept alive while it is open; use it as a context."""

    def __init__(self, server: RemoteServer) -> None:
        self.server = server
        self._done = threading.Event()
        self._beat: threading.Thread | None = None
        self.headers: dict[str, str] = {}

    def __enter__(self) -> Lease:
        claimed = self.server.ask_json("/claim", {})
        token = claimed.get("lease_token")
        if not isinstance(token, str) or not token.isprintable():
            raise GistImagingError("/claim gives a lease token", "it gave none", "check the server's version")
        self.headers = {"X-Lease-Token": token}
        try:
            seconds = float(claimed.get("liveness_timeout_seconds", 0.0))
        except (TypeError, ValueError):
            seconds = 0.0
        if seconds > 0.0:
            # A session that stays silent for this long is taken for dead, also during a long prediction.
            self._beat = threading.Thread(target=self._keep_alive, args=(max(1.0, seconds / 2),), daemon=True)
            self._beat.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        with suppress(GistImagingError):
            self.server.ask("/release", b"", self.headers, timeout_s=5.0)
        if self._beat is not None:
            self._beat.join(timeout=5.0)

    def _keep_alive(self, every_s: float) -> None:
        while not self._done.wait(every_s):
            with suppress(GistImagingError):
                self.server.ask("/heartbeat", b"", self.headers, timeout_s=5.0)
