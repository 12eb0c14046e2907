"""What a user does with scans in files: look, measure, segment, compare, batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gist_imaging.errors import GistImagingError

if TYPE_CHECKING:
    from gist_imaging.anatomy.relation_values import RelationSide
    from gist_imaging.anatomy.visit_change import VisitChange
    from gist_imaging.anatomy.visit_relation import VisitRelation, VisitScene
    from gist_imaging.batch.report import BatchReport
    from gist_imaging.demo import DemoReport
    from gist_imaging.io.cohort_read import CohortReport
    from gist_imaging.io.environment import Check
    from gist_imaging.io.segmentation_files import Segmentation
    from gist_imaging.measure.lesion import LesionMeasurement
    from gist_imaging.response.compare import Comparison
    from gist_imaging.spatial import Mask, Volume
    from gist_imaging.study import ScanIndex

__all__ = [
    "RelationFiles",
    "ScanOptions",
    "ScanPair",
    "compare_relations",
    "compare_scans",
    "diagnose",
    "index_path",
    "make_phantom",
    "make_sample_scans",
    "measure_cohort",
    "measure_relation",
    "measure_scan",
    "open_scan",
    "open_volumes",
    "run_demo",
    "segment_scan",
    "validate_cohort",
    "write_mask",
]

Tick = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How an image and its mask are read and measured.

    Parameters
    ----------
    series_uid, split : which series, where the image holds several
    label : number or name of the structure, where the mask holds several
    quantity : "HU", "ADC", "SUV" or "ARBITRARY", stated by the user where the format does not say
    hu_roi : "whole", "eroded_1mm" or "largest_slice"
    resample : put a mask that lies on another grid on the image's
    override_reason : why to measure in spite of an error of the geometry gate
    physical : False when the header's spacing is not the patient's
    """

    series_uid: str | None = None
    split: Mapping[str, str | float] = field(default_factory=dict)
    label: str | None = None
    quantity: str | None = None
    hu_roi: str = "whole"
    resample: bool = False
    override_reason: str | None = None
    physical: bool = True


@dataclass(frozen=True, slots=True)
class ScanPair:
    """The scans before and after imatinib, with the tumour on each."""

    pre: Path
    pre_mask: Path
    post: Path
    post_mask: Path


@dataclass(frozen=True, slots=True)
class RelationFiles:
    """What was given about levator ani and low rectum of one visit.

    Parameters
    ----------
    marks : JSON files of landmarks, strokes and the reader's words (see docs/relation_command.md)
    levator_left, levator_right : masks, where there are no strokes
    left_label, right_label : number or name of the structure, where a mask file holds several
    landmark_images : further series of the visit that landmarks lie on
    snap : move strokes onto the image's line first
    side : of the tumour, "L", "R" or "midline"; None takes the one whose levator ani lies clearly nearer
    bilateral : both sides are affected
    """

    marks: tuple[Path, ...] = ()
    levator_left: Path | None = None
    levator_right: Path | None = None
    left_label: str | None = None
    right_label: str | None = None
    landmark_images: tuple[Path, ...] = ()
    snap: bool = False
    side: RelationSide | None = None
    bilateral: bool = False


def index_path(
    path: Path, *, progress: Tick | None = None, cancelled: Callable[[], bool] | None = None
) -> ScanIndex:
    """Return what a folder, file, archive or DICOMDIR holds."""
    from gist_imaging.io.dicom_index import scan_folder

    return scan_folder(path, progress=progress, cancelled=cancelled)


def open_scan(image: Path, options: ScanOptions) -> Volume:
    """Return the image that `options` choose."""
    from gist_imaging.io.read import read_volume

    volume = read_volume(
        image,
        series_uid=options.series_uid,
        split=options.split,
        quantity=options.quantity,
        override_reason=options.override_reason,
    )
    return volume if options.physical else replace(volume, geometry=replace(volume.geometry, physical=False))


def measure_scan(image: Path, mask: Path, options: ScanOptions | None = None) -> LesionMeasurement:
    """Return every number of one lesion on one scan."""
    from gist_imaging.io.read import read_mask
    from gist_imaging.measure.lesion import measure_lesion

    chosen = options or ScanOptions()
    volume = open_scan(image, chosen)
    outlined = read_mask(mask, like=volume, label=chosen.label, resample=chosen.resample)
    return measure_lesion(volume, outlined, hu_roi=chosen.hu_roi)


def segment_scan(
    image: Path,
    prompts: Path,
    out_mask: Path,
    options: ScanOptions | None = None,
    *,
    method: str | None = None,
    preview: Path | None = None,
    overwrite: bool = False,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Segmentation:
    """Make a mask from what a reader drew, write it as NIfTI, and return what was made.

    Parameters
    ----------
    prompts : JSON file `{"prompts": [...]}`, positions in mm (LPS) of the image
    out_mask : ends with .nii.gz
    method : one of `gist_imaging.segment.methods.methods()`; None takes `DEFAULT_METHOD` there
    preview : PNG of the tumour's largest slice, its ends and two other planes, with what was drawn
    overwrite : replace files that are there; otherwise they are refused before the work begins
    """
    from gist_imaging.io.prompts_file import read_prompts
    from gist_imaging.io.segmentation_files import SegmentationFiles
    from gist_imaging.segment.methods import DEFAULT_METHOD, segmenter

    chosen = method or DEFAULT_METHOD
    files = SegmentationFiles(out_mask, preview, overwrite)
    make_mask = segmenter(chosen)
    drawn = read_prompts(prompts)
    volume = open_scan(image, options or ScanOptions())
    if chosen == "seeded":
        from gist_imaging.segment.confidence import segment_with_confidence

        def tell(share: float) -> None:
            if progress is not None:
                progress(round(100 * share), 100)

        result, confidence = segment_with_confidence(volume, drawn, progress=tell, cancelled=cancelled)
        return files.write(volume, result.mask, chosen, drawn, confidence)
    mask = make_mask(volume, drawn, progress=progress, cancelled=cancelled)
    return files.write(volume, mask, chosen, drawn)


def compare_scans(
    pair: ScanPair,
    options: ScanOptions | None = None,
    *,
    post_options: ScanOptions | None = None,
    days: tuple[int, int] | None = None,
    phase: str = "unknown",
    new_lesion: bool = False,
    new_nodule: bool = False,
    same_patient_reason: str | None = None,
    order_reason: str | None = None,
) -> Comparison:
    """Return a tumour before and after imatinib, the change, and what each set of rules calls it.

    Parameters
    ----------
    options, post_options : how both scans are read; `post_options` where the second one differs
    days : of both scans since the first dose, the later one greater
    phase : contrast phase of both scans as the reader states it; Choi needs "portal_venous"
    same_patient_reason : why scans that differ in ID, birth date or sex are of one patient
    order_reason : why the scans are in this order although their dates say otherwise

    Raises
    ------
    IdentityError
        If the scans differ in patient ID, birth date or sex and no reason was given.
    GistImagingError
        If the second scan is not the later one by its files' dates and no reason was given, or both are
        one image.
    """
    from gist_imaging.io.identity import identity_of, same_patient
    from gist_imaging.io.scan_date import check_order
    from gist_imaging.response.compare import compare

    if days is not None and days[1] <= days[0]:
        raise GistImagingError(
            "the second scan is later than the first",
            f"got days {days[0]} and {days[1]}",
            "give them in time order",
        )
    said = same_patient_reason
    same_patient(identity_of(pair.pre, reason=said), identity_of(pair.post, reason=said), reason=said)
    check_order(pair.pre, pair.post, reason=order_reason)
    before = measure_scan(pair.pre, pair.pre_mask, options)
    after = measure_scan(pair.post, pair.post_mask, post_options or options)
    return compare(before, after, days=days, phase=phase, new_lesion=new_lesion, new_nodule=new_nodule)


def measure_relation(
    image: Path, mask: Path, files: RelationFiles, options: ScanOptions | None = None
) -> VisitRelation:
    """Return what one visit says about tumour, levator ani and low rectum, the reader's words first."""
    from gist_imaging.anatomy.visit_relation import visit_relation

    scene = _open_visit(image, mask, files, options or ScanOptions())
    return visit_relation(scene, files.side, bilateral=files.bilateral)


def compare_relations(
    pair: ScanPair,
    files: RelationFiles,
    post_files: RelationFiles,
    options: ScanOptions | None = None,
    *,
    post_options: ScanOptions | None = None,
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> VisitChange:
    """Return what became of tumour and levator ani between two visits, which are registered for it.

    Parameters
    ----------
    files, post_files : of the first and the second visit; both are measured on the first one's side
    """
    from gist_imaging.anatomy.visit_change import visit_change

    chosen = options or ScanOptions()
    before = _open_visit(pair.pre, pair.pre_mask, files, chosen)
    after = _open_visit(pair.post, pair.post_mask, post_files, post_options or chosen)
    return visit_change(
        before, after, files.side, bilateral=files.bilateral, progress=progress, cancelled=cancelled
    )


def _open_visit(image: Path, mask: Path, files: RelationFiles, options: ScanOptions) -> VisitScene:
    from gist_imaging.anatomy.surface import Side
    from gist_imaging.io.read import read_mask
    from gist_imaging.io.relation_file import MaskPlace
    from gist_imaging.io.relation_visit import read_visit

    volume = open_scan(image, options)
    tumour = read_mask(mask, like=volume, label=options.label, resample=options.resample)
    masks: dict[Side, MaskPlace] = {}
    if files.levator_left is not None:
        masks["L"] = MaskPlace(files.levator_left, files.left_label)
    if files.levator_right is not None:
        masks["R"] = MaskPlace(files.levator_right, files.right_label)
    return read_visit(
        volume,
        tumour,
        files.marks,
        masks,
        landmark_images=files.landmark_images,
        resample=options.resample,
        snap=files.snap,
    )


def measure_cohort(
    manifest: Path,
    out: Path,
    *,
    workers: int = 1,
    dry_run: bool = False,
    retry_failed: bool = False,
    hu_roi: str = "whole",
    study_id: str = "COHORT",
    progress: Tick | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> BatchReport:
    """Measure every row of a manifest and write one cohort folder.

    Parameters
    ----------
    hu_roi : where density is read: "whole", "eroded_1mm" or "largest_slice"
    study_id : short name of the study in the cohort folder
    """
    from gist_imaging.batch.jobs import CaseConfig
    from gist_imaging.batch.runner import run_batch
    from gist_imaging.cohort.records import StudyFacts

    return run_batch(
        manifest,
        out,
        workers=workers,
        dry_run=dry_run,
        retry_failed=retry_failed,
        study=StudyFacts(study_id=study_id),
        config=CaseConfig(hu_roi=hu_roi),
        progress=None if progress is None else lambda state: progress(state.done, state.total),
        cancelled=cancelled,
    )


def validate_cohort(folder: Path) -> CohortReport:
    """Return what is wrong with a cohort folder."""
    from gist_imaging.io.cohort_read import validate_cohort as validate

    return validate(folder)


def make_phantom(
    out: Path, *, modality: str = "CT", matrix: int = 256, slices: int = 48, seed: int = 0
) -> dict[str, Any]:
    """Write a synthetic patient, before and after, and return what is known of it."""
    from gist_imaging.io.phantom_files import write_phantom_case

    return write_phantom_case(out, seed=seed, modality=modality, matrix=matrix, slices=slices)


def run_demo(
    out: Path, *, scans: Path | None = None, workers: int = 1, progress: Tick | None = None
) -> DemoReport:
    """Run the whole journey on the sample scans and hold it against their truth."""
    from gist_imaging.demo import demonstrate

    return demonstrate(out, scans=scans, workers=workers, progress=progress)


def diagnose() -> tuple[Check, ...]:
    """Return what this machine can do."""
    from gist_imaging.io.environment import diagnose as look

    return look()


def open_volumes(path: Path, refused: list[str]) -> list[tuple[str, Volume]]:
    """Return every image at `path` that can be measured, with a name made of what it is.

    Parameters
    ----------
    refused : gets one sentence for each series that cannot be shown
    """
    from gist_imaging.io.content import Content, content_of
    from gist_imaging.io.dicom_load import load_series
    from gist_imaging.io.read import read_volume
    from gist_imaging.spatial.geometry import plane_of

    if content_of(path) in (Content.NIFTI, Content.NRRD):
        return [(path.name, read_volume(path))]
    index = index_path(path)
    for series in index.series:
        # By modality alone: a description is free text, and may hold a name.
        refused.extend(f"{series.modality}: {one.code}" for one in series.errors)
    found = []
    for series in index.volumes:
        volume = load_series(series)
        plane, _ = plane_of(volume.geometry)
        found.append((f"{series.modality} {plane} {volume.geometry.spacing_mm[0]:.1f} mm", volume))
    return found


def make_sample_scans(folder: Path) -> Path:
    """Write the three synthetic patients under `folder` unless they are there, and return it."""
    from gist_imaging.io.phantom_files import write_sample_scans

    if not (folder / "truth.json").is_file():
        write_sample_scans(folder)
    return folder


def write_mask(path: Path, mask: Mask, *, overwrite: bool = False) -> Path:
    """Write a mask as NIfTI (.nii.gz) and return its path; read again, it is the same to the voxel."""
    from gist_imaging.io.mask_write import write_mask as write

    return write(path, mask, overwrite=overwrite)
