"""The executor a person names with `--on`."""

from __future__ import annotations

from transferkit.core.errors import unknown_name
from transferkit.planner.executor.contract import Executor
from transferkit.planner.executor.here import Here

HERE, RAY, FAR = "here", "ray", "ray://"


def executor_named(on: str | None = None, device: str = "cpu") -> Executor:
    """None or `here`: this process. `ray`: a Ray of this machine's cores, for as long as the executor is open.
    `ray://host:port`: a Ray that is running there.

    >>> executor_named("here").workers
    1
    """
    if on is None or on == HERE:
        return Here()
    if on != RAY and not on.startswith(FAR):
        raise unknown_name("place to run trials on", on, [HERE, RAY, f"{FAR}HOST:PORT"])
    from transferkit.planner.executor.on_ray import OnRay

    return OnRay(None if on == RAY else on, device)
