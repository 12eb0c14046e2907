"""Which transfer syntaxes have a tested decoder here."""

from __future__ import annotations

__all__ = [
    "BIG_ENDIAN",
    "COMPRESSED",
    "DEFLATED",
    "EXPLICIT_LITTLE",
    "IMPLICIT_LITTLE",
    "SUPPORTED",
    "UNCOMPRESSED",
]

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"

UNCOMPRESSED = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, BIG_ENDIAN})

COMPRESSED = frozenset(
    {
        "1.2.840.10008.1.2.5",  # RLE Lossless
        "1.2.840.10008.1.2.4.50",  # JPEG Baseline
        "1.2.840.10008.1.2.4.51",  # JPEG Extended
        "1.2.840.10008.1.2.4.57",  # JPEG Lossless
        "1.2.840.10008.1.2.4.70",  # JPEG Lossless, selection value 1
        "1.2.840.10008.1.2.4.80",  # JPEG-LS Lossless
        "1.2.840.10008.1.2.4.81",  # JPEG-LS Near-lossless
        "1.2.840.10008.1.2.4.90",  # JPEG 2000 Lossless
        "1.2.840.10008.1.2.4.91",  # JPEG 2000
        "1.2.840.10008.1.2.4.201",  # High-Throughput JPEG 2000 Lossless
        "1.2.840.10008.1.2.4.202",  # High-Throughput JPEG 2000 Lossless, RPCL
        "1.2.840.10008.1.2.4.203",  # High-Throughput JPEG 2000
    }
)

SUPPORTED = UNCOMPRESSED | COMPRESSED | {DEFLATED}
