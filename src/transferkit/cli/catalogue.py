"""`sources` and `methods`: what there is, read from the registry. The documentation's tables are made of the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from inspect import cleandoc, getdoc
from typing import TYPE_CHECKING, Any

from transferkit.cli import options, output

if TYPE_CHECKING:
    from transferkit.core.method import Needs


def sources(device: options.Device = "cpu", as_json: options.Json = False) -> None:
    """List the kinds of source, and every source known by name: bundled, in the local cache, or worth a download.

    Those marked + are the candidates of a run without --from; for the others the list says why they are none. The network
    is not asked.

    \b
    Examples:
      transferkit sources
      transferkit sources --device cuda --json
    """
    from transferkit.cli.device import check_device

    check_device(device)
    kinds, known = source_rows(), known_sources(device)
    if as_json:
        output.show_json({"kinds": kinds, "known": known})
        return
    _table("Kinds of source", ("spelling", "what it is"), [(row["example"], row["about"]) for row in kinds])
    columns = ("source", "+", "where", "size", "licence", "trained on, or why it is no candidate")
    for modality in dict.fromkeys(row["modality"] for row in known):
        shown = [
            (
                row["name"],
                "+" if row["candidate"] else "",
                row["where"],
                "" if row["parameters"] is None else f"{row['parameters'] / 1e6:.1f} M",
                row["licence"],
                row["note"] or row["trained_on"],
            )
            for row in known
            if row["modality"] == modality
        ]
        _table(f"Known by name, for {modality}", columns, shown, unbroken=0)


def methods(as_json: options.Json = False) -> None:
    """List the methods by family: what each takes, when to use it, and its settings.

    \b
    Examples:
      transferkit methods
      transferkit methods --json
    """
    rows = method_rows()
    if as_json:
        output.show_json({"methods": rows})
        return
    for family in dict.fromkeys(row["family"] for row in rows):
        shown = [
            (row["name"], row["needs"], row["about"], ", ".join(f"{k}={v}" for k, v in row["settings"].items()))
            for row in rows
            if row["family"] == family
        ]
        _table(family, ("method", "takes", "what you get", "settings"), shown)


def method_rows() -> list[dict[str, Any]]:
    """Every method, by family and name."""
    from transferkit.core import registry

    rows = []
    for name, cls in registry.find("methods").items():
        rows.append(
            {
                "name": name,
                "family": cls.__module__.split(".")[-2],
                "about": _first_sentence(cls),
                "use": _rest(cls),
                "needs": needs_in_words(cls.needs),
                "is_baseline": cls.is_baseline,
                "paper": cls.paper,
                "settings": {f.name: f.default for f in fields(cls)},
                "tunes": {key: list(values) for key, values in cls.tunes.items()},
            }
        )
    return sorted(rows, key=lambda row: (row["family"], row["name"]))


def source_rows() -> list[dict[str, Any]]:
    """Every kind of source."""
    from transferkit.core import registry

    found = sorted(registry.find("sources").items())
    return [
        {"scheme": name, "example": cls.example or f"{name}:...", "holds": cls.holds, "about": _first_sentence(cls)}
        for name, cls in found
    ]


def known_sources(device: str = "cpu") -> list[dict[str, Any]]:
    """Every source that can be named without asking a network, with what is known of it, for each modality it can serve."""
    from transferkit.core import registry
    from transferkit.sources.candidates.machine import this_machine
    from transferkit.sources.candidates.propose import chosen_of
    from transferkit.sources.candidates.survey import survey

    rows = []
    for modality in sorted({cls.modality for cls in registry.find("data").values() if not cls.scheme}):
        found = survey(modality, this_machine(device))
        candidates = {one.name for one in chosen_of(found)}
        rows += [
            {
                "name": one.name,
                "modality": modality,
                "place": one.place,
                "where": one.where,
                "candidate": one.name in candidates,
                "parameters": one.parameters,
                "bytes": one.bytes,
                "licence": one.licence,
                "trained_on": one.trained_on,
                "note": one.unfit,
            }
            for one in found
            if not one.of_another_kind
        ]
    return rows


def task_rows() -> list[dict[str, Any]]:
    """Every task."""
    from transferkit.core import registry

    return [{"name": name, "about": _first_sentence(cls)} for name, cls in sorted(registry.find("tasks").items())]


def format_rows() -> list[dict[str, Any]]:
    """Every format a target may lie in."""
    from transferkit.core import registry

    return [{"name": name, "about": _first_sentence(cls)} for name, cls in sorted(registry.find("data").items())]


def needs_in_words(needs: Needs) -> str:
    """What a method takes.

    >>> from transferkit.core.method import Needs
    >>> needs_in_words(Needs(models=(1, 1)))
    '1 pretrained model; target labels'
    """
    parts = []
    for (least, most), noun in ((needs.models, "pretrained model"), (needs.data, "labelled data set")):
        if most:
            number = str(most) if least == most else f"{least} to {most}"
            parts.append(f"{number} {noun}{'s' if most != 1 else ''}")
    given = " and ".join(parts) or "no source"
    return (
        given + ("; target labels" if needs.target_labels else "") + ("; unlabelled items" if needs.unlabelled else "")
    )


def _first_sentence(cls: type[Any]) -> str:
    return output.one_line(cleandoc(getdoc(cls) or "").split("\n\n")[0])


def _rest(cls: type[Any]) -> str:
    paragraphs = cleandoc(getdoc(cls) or "").split("\n\n")[1:]
    return output.one_line(" ".join(p for p in paragraphs if not p.lstrip().startswith(">>>")))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], unbroken: int = 1) -> None:
    """Print a table; the first `unbroken` columns are as wide as what they hold."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        table.add_column(column, no_wrap=position < unbroken, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    output.show(table)
