"""The closed word lists of the cohort format, each word with its meaning."""

from __future__ import annotations

from gist_imaging.cohort.measured_names import MEASURED_NAMES
from gist_imaging.study.codes import VOCABULARIES

__all__ = ["CODELISTS", "NO_COMPONENT"]

NO_COMPONENT = "none"
"""Word of a reader who was asked for the muscles and named none; empty where nobody was asked."""

CODELISTS: dict[str, dict[str, str]] = {
    "arm": {
        "neoadjuvant": "imatinib before surgery",
        "upfront_surgery": "surgery first",
        "imatinib_only": "imatinib without surgery",
        "observation": "neither imatinib nor surgery",
        "not_recorded": "the source does not say",
    },
    "sex": {"M": "male", "F": "female", "U": "unknown or not stated"},
    "t0_event": {
        "imatinib_start": "day 0 is the first dose of imatinib",
        "surgery": "day 0 is the operation (no imatinib start recorded)",
        "first_scan": "day 0 is the first scan (neither imatinib start nor surgery recorded)",
    },
    "exclusion": {"no_measurement": "no lesion of the patient could be measured"},
    "modality": {
        "CT": "computed tomography",
        "MR": "magnetic resonance",
        "PT": "positron emission tomography",
        "US": "ultrasound",
        "OT": "another or unknown modality",
    },
    "contrast_phase": {
        "none": "no contrast medium",
        "arterial": "arterial phase",
        "portal_venous": "portal venous phase",
        "delayed": "delayed phase",
        "unknown": "not stated",
    },
    "quantity": {
        "HU": "Hounsfield units",
        "ADC": "apparent diffusion coefficient",
        "SUV": "standardised uptake value",
        "ARBITRARY": "a number without a unit, such as MR signal",
    },
    "reader_kind": {
        "human": "a person",
        "algorithm": "a program",
        "consensus": "the agreed read of several",
    },
    "mask_method": {
        "manual": "drawn by hand",
        "threshold": "by a threshold",
        "region_grow": "grown from seeds",
        "random_walker": "random walker",
        "interpolation": "interpolated between drawn slices",
        "model": "by a trained model",
        "model_edited": "by a trained model, edited",
        "mixed": "by several methods",
        "imported": "from another tool, which does not say how",
    },
    "unit": {
        "mm": "millimetre",
        "mm2": "square millimetre",
        "mL": "millilitre",
        "HU": "Hounsfield unit",
        "deg": "degree of arc",
        "1e-3 mm2/s": "10⁻³ square millimetres per second",
        "g/mL": "gram per millilitre (SUV)",
        "1": "a number without a unit",
    },
    "measurement_status": {
        "measured": "a value was measured",
        "absent": "the reader found no lesion (empty mask): sizes are 0",
        "not_evaluable": "the definition gives no value; see reason",
        "not_done": "not measured",
        "failed": "measuring was tried and failed; see the table failures",
    },
    "call_status": {
        "called": "the reader's words give an answer",
        "not_assessable": "a word that the answer needs is not_assessable (or the organ is absent)",
        "not_asked": "a word that the answer needs was not asked, or there is no such visit",
    },
    "density_reason": {
        "no_density": "attenuation is missing at a visit: other images than CT, or an empty mask",
        "phase_unknown": "the contrast phase of a visit is not stated",
        "phase_differs": "the contrast phases of the two visits differ",
        "baseline_not_above_0": "attenuation at baseline is 0 HU or below: it has no change in percent",
    },
    "plane": {
        "axial": "transverse slices",
        "sagittal": "sagittal slices",
        "coronal": "coronal slices",
        "oblique": "slices tilted out of the standard planes; see plane_tilt_deg",
        "3d": "not bound to a slice",
    },
    "uncertainty_kind": {
        "half_voxel_edge": "half-width that the outline gives by lying anywhere within half a voxel edge",
    },
    "response": {
        "CR": "complete response",
        "PR": "partial response",
        "SD": "stable disease",
        "PD": "progressive disease",
        "NE": "not evaluable; see reason",
        "NON_CR_NON_PD": "neither complete response nor progression of non-target disease",
        "NED": "no evidence of disease",
    },
    "criterion": {
        "recist11": "RECIST 1.1 (Eur J Cancer 2009;45:228)",
        "choi": "Choi (J Clin Oncol 2007;25:1753)",
        "mchoi": "modified Choi: size and density must both fall",
        "who": "WHO: sum of products of two diameters",
        "volume_sphere_recist": "volume, cut-offs of spheres equivalent to RECIST: 0.7³ and 1.2³",
        "volume_sphere_who": "volume, cut-offs of spheres equivalent to WHO",
        "volume_ellipsoid": "volume, −30 % and +20 %",
        "volume_reliability": "volume, −35 % and +55 %",
    },
    "stage": {
        "manifest": "reading the list of scans",
        "intake": "reading files",
        "geometry": "placing the series in the patient",
        "mask": "reading the mask and placing it on its image",
        "identity": "checking that scans belong to one patient",
        "measure": "measuring",
        "worker": "the process that did the work",
        "relation": "measuring tumour against levator ani and landmarks; the lesion's own numbers stand",
    },
    "hu_roi": {
        "whole": "all voxels of the mask",
        "eroded_1mm": "voxels at least 1 mm inside the mask",
        "largest_slice": "voxels of the slice with the largest area",
    },
    "reader_rule": {
        "consensus": "the consensus read",
        "primary_reader": "the accepted read of the primary reader",
        "first_reader": "the accepted read of the first reader: the primary reader did not read this patient",
    },
}

# The reader's words, as `gist_imaging.study.codes` freezes them with their codes.
CODELISTS |= {
    name: {word.value: word.definition for word in held.words} for name, held in VOCABULARIES.items()
}
CODELISTS["levator_component"][NO_COMPONENT] = "asked, and no muscle is named; stands alone"
CODELISTS["measurement"] = {name: entry.description for name, entry in MEASURED_NAMES.items()}
