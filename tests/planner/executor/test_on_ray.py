"""Ray's workers give what this process gives; one that is lost costs a second beginning and a line."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from transferkit.core.run import NoCache, Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.executor import on_ray
from transferkit.planner.executor.contract import Job, Outcome
from transferkit.planner.executor.on_ray import OnRay
from transferkit.planner.executor.worker import fit_trial

pytest.importorskip("ray", reason="Ray is not installed")
psutil = pytest.importorskip("psutil")
pytestmark = pytest.mark.xdist_group("ray")  # two of Ray's clusters at once are more than two cores bear

SOURCE = Source("zoo:digits-cnn")
ENDLESS = Scratch(epochs=1_000_000)


@pytest.fixture(scope="module")
def ray() -> Iterator[OnRay]:
    """Two workers on this machine."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_AUTH_MODE", "disabled")
    with OnRay(workers=2) as executor:
        yield executor
    patch.undo()


@pytest.fixture(autouse=True)
def nothing_is_left(ray: OnRay) -> Iterator[None]:
    yield
    ray.cancel()


@pytest.fixture
def job(tiny_target: Target) -> Callable[..., Job]:
    def make(seed: int = 0, **more: object) -> Job:
        given = {"arm": "scratch", "method": Scratch(epochs=2), "sources": (SOURCE,), "target": tiny_target}
        return Job(**(given | {"phase": "try", "seed": seed, "cache": NoCache()} | more))

    return make


def outcomes(ray: OnRay, *jobs: Job) -> list[Outcome]:
    """As many under way as there are workers, in the order of the jobs."""
    waiting, tickets, found = list(jobs), {}, {}
    while waiting or tickets:
        while waiting and len(tickets) < ray.workers:
            one = waiting.pop(0)
            tickets[ray.submit(one)] = one
        ticket, outcome = ray.next_outcome()
        found[tickets.pop(ticket)] = outcome
    return [found[one] for one in jobs]


def fitting_processes() -> list[int]:
    """Ray's workers of ours that fit at this moment."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended since
            if "ray::_fit" in " ".join(child.cmdline()):
                found.append(child.pid)
    return found


def when_fitting(act: Callable[[list[int]], None]) -> threading.Thread:
    """Do this to the workers as soon as one fits."""

    def watch() -> None:
        give_up = time.monotonic() + 60
        while not (pids := fitting_processes()) and time.monotonic() < give_up:
            time.sleep(0.05)
        time.sleep(0.2)
        act(pids)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def kill(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def test_two_workers_give_what_this_process_gives(ray: OnRay, job: Callable[..., Job]) -> None:
    assert ray.workers == 2
    probe = {"method": LinearProbe(solver="logistic"), "arm": "probe"}
    jobs = [job(0), job(1), job(0, phase="prove"), job(1, **probe), job(0, method=Majority(), sources=())]
    for there, one in zip(outcomes(ray, *jobs), jobs, strict=True):
        here = fit_trial(one)
        assert there.predictor == here.predictor  # byte for byte
        assert here.result is not None
        assert there.result is not None
        assert there.result.validation == here.result.validation
        assert there.result.validation_loss == here.result.validation_loss
        assert there.result.per_item == here.result.per_item
        assert there.result.record == here.result.record


def test_features_are_shared_through_the_cache_directory(ray: OnRay, job: Callable[..., Job], tmp_path) -> None:
    cache, probe = FeatureCache(tmp_path / "features"), LinearProbe(solver="logistic")
    first, second = outcomes(ray, job(0, method=probe, cache=cache), job(1, method=probe, cache=cache))
    assert first.result is not None
    assert second.result is not None
    assert list((tmp_path / "features").rglob("*.npy"))
    fold = job().target.fold(0)
    by_hand = probe.fit((SOURCE,), fold, Run(seed=0)).predict(fold.validation.items).labels
    assert first.result.per_item == [a == b for a, b in zip(by_hand, fold.validation.labels or (), strict=True)]


def test_a_refusal_comes_back_as_a_result_and_a_mistake_of_ours_as_itself(ray: OnRay, job: Callable[..., Job]) -> None:
    (refused,) = outcomes(ray, job(sources=(Source("zoo:no-such-network"),)))
    assert refused.result is not None
    assert refused.result.status == "failed"
    assert "no-such-network" in refused.result.message
    ray.submit(job(phase="neither", seed="no number"))
    with pytest.raises(Exception, match=r"no number|seed|int"):
        ray.next_outcome()


def test_a_trial_that_may_take_a_second_takes_no_more_than_two(ray: OnRay, job: Callable[..., Job]) -> None:
    outcomes(ray, job(0), job(1))  # both workers are warm
    begun = time.monotonic()
    tried, proven = outcomes(ray, job(method=ENDLESS, seconds=1.0), job(method=ENDLESS, phase="prove", seconds=1.0))
    assert time.monotonic() - begun < 1.0 + 2 * on_ray.GRACE
    assert tried.result is not None
    assert tried.result.record["cut_short"]
    assert proven.result is None


def test_a_worker_that_does_not_stop_is_stopped(
    ray: OnRay, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "GRACE", -58.0)  # two seconds from now, of the minute that the fit believes it has
    begun = time.monotonic()
    (stopped,) = outcomes(ray, job(method=ENDLESS, seconds=60.0))
    assert stopped.result is None
    assert time.monotonic() - begun < 20
    monkeypatch.undo()
    (after,) = outcomes(ray, job(0))
    assert after.result is not None


def test_a_killed_workers_trial_is_begun_again_and_ends_the_same(
    ray: OnRay, job: Callable[..., Job], capfd: pytest.CaptureFixture[str]
) -> None:
    long = Scratch(epochs=80)
    killer = when_fitting(lambda pids: kill(pids[:1]))
    killed, other = outcomes(ray, job(0, method=long), job(1, method=long))
    killer.join()
    notes = (*killed.notes, *other.notes)
    assert len(notes) == 1
    assert "a worker was lost once while it fitted scratch (seed " in notes[0]
    for outcome, seed in ((killed, 0), (other, 1)):
        here = fit_trial(job(seed, method=long))
        assert outcome.result is not None
        assert here.result is not None
        assert outcome.result.validation_loss == here.result.validation_loss
    time.sleep(1)  # Ray speaks of it late
    assert capfd.readouterr().out == ""  # where --json is written


def test_a_trial_that_kills_every_worker_fails_and_says_so(
    ray: OnRay, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "RETRIES", 1)
    over = threading.Event()

    def kill_all() -> None:
        while not over.wait(0.2):
            kill(fitting_processes())

    killer = threading.Thread(target=kill_all)
    killer.start()
    (outcome,) = outcomes(ray, job(method=ENDLESS))
    over.set()
    killer.join()
    assert outcome.result is not None
    assert outcome.result.status == "failed"
    assert "lost 2 times" in outcome.result.message


def test_what_is_given_up_stops(ray: OnRay, job: Callable[..., Job]) -> None:
    ray.submit(job(method=ENDLESS))
    when_fitting(lambda _: None).join()
    ray.cancel()
    give_up = time.monotonic() + 20
    while fitting_processes() and time.monotonic() < give_up:
        time.sleep(0.1)
    assert not fitting_processes()


def test_a_device_that_no_worker_has_is_refused(ray: OnRay) -> None:
    from transferkit.core.errors import WrongUse

    if ray._ray.cluster_resources().get("GPU"):
        pytest.skip("this machine has a GPU")
    with pytest.raises(WrongUse, match="has no GPU; name another --device"):
        OnRay(device="cuda:1")
    assert ray._ray.is_initialized()  # it was not the refused one's to end
