"""Stored pixel values of images; runs in the decoding process."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openjpeg
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import get_j2k_parameters
from pydicom.uid import JPEG2000TransferSyntaxes, JPEGLSTransferSyntaxes, RLELossless

from gist_imaging.errors import IntakeError
from gist_imaging.io import jpeg
from gist_imaging.io.dicom_header import open_dataset
from gist_imaging.io.element_values import element_text
from gist_imaging.io.mosaic import tile_of
from gist_imaging.io.pixel_request import PixelRequest
from gist_imaging.problems import Code, Problem

__all__ = ["decode_many"]

_PYLIBJPEG = "pylibjpeg"
_PYJPEGLS = "pyjpegls"


def decode_many(requests: Sequence[PixelRequest]) -> list[npt.NDArray[Any]]:
    """Return the stored values of each image as (rows, columns) integers, in the order asked for.

    They are in this machine's byte order, whatever that of the file. Unused bits are cleared or filled with
    the sign, as Bits Stored and Pixel Representation say.

    Raises
    ------
    IntakeError
        DECODE_FAILED when the pixels do not decode to the matrix that the header states, or when header
        and codestream contradict one another about the sign; BAD_VALUE when the file is another one now.
    """
    decoded: list[npt.NDArray[Any]] = []
    for (path, member), group in groupby(requests, key=lambda request: (request.path, request.member)):
        wanted = list(group)
        decoded += _of_one_file(path, member, wanted)
    return decoded


def _of_one_file(path: Path, member: int | None, wanted: list[PixelRequest]) -> list[npt.NDArray[Any]]:
    name = wanted[0].name
    stamp = _stamp(path)
    if wanted[0].modified_ns not in (None, stamp[1]):
        raise _changed(name)
    dataset = _dataset(path, member, name, stamp)
    found = element_text(dataset, "SOPInstanceUID") or element_text(
        dataset.file_meta, "MediaStorageSOPInstanceUID"
    )
    if found != wanted[0].sop_instance_uid:
        raise _changed(name)
    per_row = wanted[0].tiles_per_row
    frames = [0] if per_row else sorted({request.frame for request in wanted})
    images = dict(zip(frames, _decoded(dataset, frames, name), strict=True))
    pictures = []
    for request in wanted:
        image = images[0 if per_row else request.frame]
        if per_row:
            image = tile_of(image, request.frame, per_row, (request.rows, request.columns))
        if image.shape != (request.rows, request.columns):
            expected = f"{request.rows} x {request.columns} pixels are expected"
            found = " x ".join(str(length) for length in image.shape)
            raise IntakeError(Problem(Code.DECODE_FAILED, f"{expected}, {found} were decoded", name))
        # Big-endian files give big-endian arrays; what leaves here is in the order of this machine.
        pictures.append(np.ascontiguousarray(image, dtype=image.dtype.newbyteorder("=")))
    return pictures


def _changed(name: str) -> IntakeError:
    return IntakeError(Problem(Code.BAD_VALUE, "the file has changed since it was indexed", name))


def _stamp(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


@lru_cache(maxsize=1)
def _dataset(path: Path, member: int | None, name: str, stamp: tuple[int, int]) -> Dataset:
    """Return the last file that was opened: the frames of a large one are asked for in several calls."""
    del stamp
    return open_dataset(path, member, name=name)


def _decoded(dataset: Dataset, frames: list[int], name: str) -> list[npt.NDArray[Any]]:
    syntax = dataset.file_meta.TransferSyntaxUID
    decoder = get_decoder(syntax)
    plugin = _plugin(syntax)
    images = []
    # pydicom's warnings quote values of the file.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for frame in frames:
            if syntax in JPEG2000TransferSyntaxes:
                _refuse_sign_contradiction(dataset, frame, name)
            image, _ = decoder.as_array(dataset, index=frame, raw=True, decoding_plugin=plugin)
            images.append(image)
    return images


def _plugin(syntax: str) -> str:
    if syntax in JPEG2000TransferSyntaxes or syntax == RLELossless or syntax.startswith(_HTJ2K):
        return _PYLIBJPEG
    if syntax in JPEGLSTransferSyntaxes:
        return _PYJPEGLS
    return jpeg.register() if syntax in jpeg.DECODER_DEPENDENCIES else ""


_HTJ2K = "1.2.840.10008.1.2.4.20"


def _refuse_sign_contradiction(dataset: Dataset, frame: int, name: str) -> None:
    """Refuse a signed JPEG 2000 codestream of an image that says it has no sign, where that matters.

    The other way round, the header is believed, as GDCM and pydicom do: its writers gave signed values to
    an encoder that knew unsigned ones only.
    """
    if dataset.PixelRepresentation != 0:
        return
    frames = int(element_text(dataset, "NumberOfFrames") or 1)
    source = get_frame(dataset.PixelData, frame, number_of_frames=frames)
    if not get_j2k_parameters(source).get("is_signed", False):
        return
    signed = openjpeg.decode(source)  # type: ignore[attr-defined]
    if signed.min() < 0:
        found = "the JPEG 2000 codestream holds negative values, the header says that there are none"
        raise IntakeError(Problem(Code.DECODE_FAILED, found, name))
