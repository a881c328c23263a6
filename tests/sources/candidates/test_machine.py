import os
from types import SimpleNamespace

import pytest

from transferkit.sources.candidates.machine import Machine, this_machine


def test_this_machine_is_told_as_the_system_tells_it():
    machine = this_machine()
    assert 1 <= machine.cores <= (os.cpu_count() or 1)
    assert not machine.accelerator
    with open("/proc/meminfo", encoding="utf-8") as told:
        kilobytes = int(told.readline().split()[1])
    assert machine.memory == pytest.approx(kilobytes * 1024, rel=0.01)


def test_more_cores_or_memory_never_mean_a_smaller_model():
    ceilings = [Machine(cores, memory).ceiling for cores in (1, 2, 8, 64) for memory in (10**9, 10**11)]
    assert ceilings == [12_000_000, 12_000_000, 15_625_000, 24_000_000, 15_625_000, 96_000_000, 15_625_000, 100_000_000]


def test_only_memory_limits_an_accelerator():
    assert Machine(1, 80 * 10**9, accelerator=True).ceiling == 1_250_000_000


def test_an_accelerator_is_asked_for_its_own_memory(monkeypatch):
    asked = []
    tell = lambda device: asked.append(str(device)) or SimpleNamespace(total_memory=24 * 10**9)  # noqa: E731
    monkeypatch.setattr("torch.cuda.get_device_properties", tell)
    assert this_machine("cuda:1").ceiling == 375_000_000
    assert asked == ["cuda:1"]


def test_a_system_that_does_not_tell_its_memory_is_limited_by_its_cores(monkeypatch):
    monkeypatch.setattr(os, "sysconf_names", {})
    assert this_machine().memory is None
    assert this_machine().ceiling == Machine(this_machine().cores, 10**12).ceiling
