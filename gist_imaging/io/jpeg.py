"""JPEG baseline, extended and lossless for pydicom, by imagecodecs (libjpeg-turbo).

pydicom looks for these names in a module that decodes; the usual plugin, pylibjpeg-libjpeg, is GPL-3.
"""

from __future__ import annotations

from typing import Any

from pydicom import uid

__all__ = ["DECODER_DEPENDENCIES", "is_available", "register"]

_SYNTAXES = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1)
_LABEL = "imagecodecs"

DECODER_DEPENDENCIES = dict.fromkeys(_SYNTAXES, ("imagecodecs",))


def is_available(transfer_syntax_uid: str) -> bool:
    """Return whether images of this transfer syntax can be decoded here."""
    try:
        import imagecodecs
    except ImportError:
        return False
    return transfer_syntax_uid in _SYNTAXES and bool(imagecodecs.JPEG8.available)


def _decode_frame(source: bytes, runner: Any) -> bytes:
    import imagecodecs

    decoded = imagecodecs.jpeg8_decode(source)
    runner.set_option("bits_allocated", decoded.dtype.itemsize * 8)
    pixels: bytes = decoded.tobytes()
    return pixels


def register() -> str:
    """Tell pydicom of the decoder, once, and return the label to ask for it by."""
    from pydicom.pixels.decoders import base

    for syntax in _SYNTAXES:
        decoder = base.get_decoder(syntax)
        if _LABEL not in decoder.available_plugins:
            decoder.add_plugin(_LABEL, (__name__, "_decode_frame"))
    return _LABEL
