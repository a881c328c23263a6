import json

from transferkit.cli import main


def test_doctor_tells_versions_devices_and_the_cache(capsys, tmp_path):
    assert main(["doctor", "--json", "--cache-dir", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["packages"]["torch"] != "missing"
    assert found["devices"][0] == "cpu"
    assert found["cache"] == str(tmp_path)
    assert found["cached_bytes"] == 0
    assert found["free_bytes"] > 0
    assert found["extras"]["test"] is True


def test_doctor_is_readable_by_people_too(capsys, tmp_path):
    assert main(["doctor", "--cache-dir", str(tmp_path)]) == 0
    assert "bfloat16 native" in capsys.readouterr().out
