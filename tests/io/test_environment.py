from gist_imaging.io.environment import Check, diagnose


def test_this_machine_can_do_the_work():
    checks = diagnose()

    assert [check.name for check in checks if check.status == "missing"] == []


def test_the_doctor_looks_at_versions_decoders_display_database_and_memory():
    names = {check.name for check in diagnose()}

    assert {"Python", "pydicom", "decoder JPEG-LS", "display", "SQLite", "memory"} <= names


def test_a_check_tells_itself_in_plain_values():
    assert Check("x", "1").to_json() == {"name": "x", "found": "1", "status": "ok", "advice": ""}
