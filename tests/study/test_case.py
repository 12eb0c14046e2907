import pytest

from gist_imaging.errors import GistImagingError
from gist_imaging.study import Case, Lesion, PatientIdentity, Timepoint


def visit(day: int) -> Timepoint:
    return Timepoint(f"SYN-001/D{day}", "followup", day)


def test_days_of_visits_increase_strictly():
    with pytest.raises(GistImagingError, match=r"\[0, 90, 90\].*check the scan dates"):
        Case("SYN-001", (visit(0), visit(90), visit(90)))


def test_a_visit_before_treatment_has_a_negative_day():
    case = Case("SYN-001", (visit(-7), visit(182)))

    assert [timepoint.day for timepoint in case.timepoints] == [-7, 182]


@pytest.mark.parametrize("name", ["Doe^John", "syn-001", "", "-SYN", "A" * 33])
def test_what_is_not_a_pseudonym_is_refused_and_not_repeated(name):
    with pytest.raises(GistImagingError) as refusal:
        Case(name)

    assert not name or name not in str(refusal.value)


@pytest.mark.parametrize("uid", ["", "1.2.abc", "1" * 65])
def test_a_tracking_uid_has_the_form_of_a_uid(uid):
    with pytest.raises(GistImagingError):
        Lesion("SYN-001/L1", uid)


def test_identities_differ_only_where_both_scans_speak():
    first = PatientIdentity("A1", "19600101", "M")

    assert first.differing(PatientIdentity("A1", "19600101", "F")) == ("PatientSex",)
    assert first.differing(PatientIdentity("B2", "", "")) == ("PatientID",)
    assert first.differing(PatientIdentity()) == ()


def test_an_identity_never_prints_itself():
    assert "A1" not in repr(PatientIdentity("A1", "19600101", "M"))
