"""Propose sources: the few of all candidates that a run without a named source begins with."""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.core.errors import WrongUse
from transferkit.sources import hub
from transferkit.sources.candidates.candidate import Candidate, Candidates
from transferkit.sources.candidates.machine import this_machine
from transferkit.sources.candidates.survey import survey

MOST = 8
"""Candidates; each costs the ranking one pass through the target."""


def propose(modality: str, *, offline: bool = False, device: str = "cpu", most: int = MOST) -> Candidates:
    """At most `most` sources for one modality: what is bundled, what is cached, then what can be downloaded.

    Asks the hub once whether it answers, and only where there is something to download and room for it; never where
    `offline` or HF_HUB_OFFLINE is set. Refuses a modality for which there is no candidate.

    >>> [source.name for source in propose("image", offline=True, most=2)]
    ['zoo:clothes-cnn', 'zoo:digits-cnn']
    """
    found = survey(modality, this_machine(device))
    chosen, notes, why = chosen_of(found, most), [], ""
    offline = offline or hub.offline_by_environment()
    first = next((one.name for one in chosen if one.place == "hub"), "")
    if first and (offline or not hub.answers(first.partition(":")[2])):
        why = "offline" if offline else "the hub does not answer"
        notes.append(f"{why}: only what is on this machine is proposed")
        chosen, offline = tuple(one for one in chosen if one.place != "hub"), True
    if more := [one.name for one in found if one.place != "hub" and not one.unfit and one not in chosen]:
        notes.append(f"{most} are enough to begin with; name more to use them too: {', '.join(more)}")
    if not chosen:
        raise WrongUse(
            f"{f'{why}, and ' if why else ''}there is no candidate for {modality} on this machine; name a source with --from, "
            "such as other labelled data"
        )
    return Candidates(chosen, offline, tuple(notes))


def chosen_of(found: Sequence[Candidate], most: int = MOST) -> tuple[Candidate, ...]:
    """At most `most` of those that are fit, in their order; what is here goes before what must be downloaded."""
    fit = [one for one in found if not one.unfit]
    here = [one for one in fit if one.place != "hub"]
    elsewhere = [one for one in fit if one.place == "hub"]
    taken = [*here, *elsewhere][:most]
    return tuple(one for one in fit if one in taken)
