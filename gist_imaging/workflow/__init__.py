"""Every user action, one function each; the command line and the plugin call nothing else."""

from __future__ import annotations

from gist_imaging.workflow.scans import (
    RelationFiles,
    ScanOptions,
    ScanPair,
    compare_relations,
    compare_scans,
    diagnose,
    index_path,
    make_phantom,
    make_sample_scans,
    measure_cohort,
    measure_relation,
    measure_scan,
    open_scan,
    open_volumes,
    run_demo,
    segment_scan,
    validate_cohort,
    write_mask,
)

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
