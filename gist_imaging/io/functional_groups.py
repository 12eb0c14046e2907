"""Facts of each frame of an enhanced multi-frame image, out of its functional groups."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from gist_imaging.io.element_values import above_zero, element_text, first_number, value_at
from gist_imaging.io.plane_facts import place_facts, real_world_facts, rescale_facts, thickness_facts

__all__ = ["frame_fields"]

_NOTHING = Dataset()


def frame_fields(dataset: Dataset, n_frames: int) -> list[tuple[dict[str, Any], list[str]]] | None:
    """Return for every frame its FrameFacts fields and flags, or None without functional groups.

    A group is looked for in the frame's own groups first and then in the shared ones (PS3.3 C.7.6.16).
    Frames that the file counts but does not describe have no fields, so that they lie nowhere.
    """
    shared = value_at(dataset, "SharedFunctionalGroupsSequence")
    each = value_at(dataset, "PerFrameFunctionalGroupsSequence")
    if not shared and not each:
        return None
    common = shared[0] if shared else _NOTHING
    described = list(each or ())[:n_frames]
    described += [_NOTHING] * (n_frames - len(described))
    return [_fields(dataset, frame, common) for frame in described]


def _fields(dataset: Dataset, frame: Dataset, shared: Dataset) -> tuple[dict[str, Any], list[str]]:
    def group(keyword: str) -> Dataset:
        for holder in (frame, shared):
            items = value_at(holder, keyword)
            if items:
                item: Dataset = items[0]
                return item
        return _NOTHING

    measures = group("PixelMeasuresSequence")
    place, flags = place_facts(group("PlanePositionSequence"), group("PlaneOrientationSequence"), measures)
    rescale, rescale_flags = rescale_facts(group("PixelValueTransformationSequence"))
    content = group("FrameContentSequence")
    mappings = value_at(frame, "RealWorldValueMappingSequence") or value_at(
        shared, "RealWorldValueMappingSequence"
    )
    fields = {
        **place,
        **thickness_facts(measures, group("CTExposureSequence")),
        **rescale,
        **real_world_facts(mappings),
        "echo_time_ms": first_number(group("MREchoSequence"), "EffectiveEchoTime") or None,
        "b_value": _b_value(dataset, group("MRDiffusionSequence")),
        "kvp": above_zero(group("CTXRayDetailsSequence"), "KVP") or above_zero(dataset, "KVP"),
        "window_center": first_number(group("FrameVOILUTSequence"), "WindowCenter"),
        "window_width": above_zero(group("FrameVOILUTSequence"), "WindowWidth"),
        "phase": _phase(group("CardiacSynchronizationSequence"), group("ContrastBolusUsageSequence")),
        "temporal_position": _temporal_position(content, group("TemporalPositionSequence")),
        **_frame_type(group),
        **_frame_time(content),
    }
    return fields, [*flags, *rescale_flags]


def _b_value(dataset: Dataset, diffusion: Dataset) -> float | None:
    stated = first_number(diffusion, "DiffusionBValue")
    if stated is None and element_text(diffusion, "DiffusionDirectionality") == "NONE":
        return 0.0
    return first_number(dataset, "DiffusionBValue") if stated is None else stated


def _phase(cardiac: Dataset, contrast: Dataset) -> str | None:
    percentage = first_number(cardiac, "NominalPercentageOfCardiacPhase")
    if percentage is not None:
        return f"{percentage:g} %"
    return element_text(contrast, "ContrastBolusAgentPhase") or None


def _temporal_position(content: Dataset, position: Dataset) -> float | None:
    index = first_number(content, "TemporalPositionIndex")
    return first_number(position, "TemporalPositionTimeOffset") if index is None else index


def _frame_type(group: Any) -> dict[str, Any]:
    for keyword in ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence"):
        words = element_text(group(keyword), "FrameType")
        if words:
            return {"image_type": tuple(part for part in words.split("\\") if part)}
    return {}


def _frame_time(content: Dataset) -> dict[str, Any]:
    when = element_text(content, "FrameAcquisitionDateTime")
    number = first_number(content, "FrameAcquisitionNumber")
    fields: dict[str, Any] = {}
    if when[8:]:
        fields["acquisition_time"] = when[8:].partition("+")[0].partition("-")[0]
    if number is not None:
        fields["acquisition_number"] = int(number)
    return fields
