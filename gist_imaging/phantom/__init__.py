"""Pelves with known answers, as values."""

from gist_imaging.phantom.family import FamilyMember, pelvis_family
from gist_imaging.phantom.family_strokes import reader_strokes, true_line
from gist_imaging.phantom.family_truth import Displacement, FamilyTruth, known, true_surface
from gist_imaging.phantom.patients import PhantomPatient, PhantomVisit, Scanner, patient_truth, random_patient
from gist_imaging.phantom.pelvis import PelvisPhantom
from gist_imaging.phantom.render import ct_volume, levator_mask, t2_volume, tumour_mask
from gist_imaging.phantom.samples import sample_patients
from gist_imaging.phantom.tissues import Appearance
from gist_imaging.phantom.truth import expected_change, truth
from gist_imaging.phantom.tumour import TumourShape

__all__ = [
    "Appearance",
    "Displacement",
    "FamilyMember",
    "FamilyTruth",
    "PelvisPhantom",
    "PhantomPatient",
    "PhantomVisit",
    "Scanner",
    "TumourShape",
    "ct_volume",
    "expected_change",
    "known",
    "levator_mask",
    "patient_truth",
    "pelvis_family",
    "random_patient",
    "reader_strokes",
    "sample_patients",
    "t2_volume",
    "true_line",
    "true_surface",
    "truth",
    "tumour_mask",
]
