"""The application: its commands in the order a person meets them, and what becomes of errors and interruptions.

Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.
"""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar

import typer

from transferkit.cli import catalogue, demo, doctor, export, output, plans, results, studies
from transferkit.core.errors import Failed, TransferkitError

app = typer.Typer(
    name="transferkit",
    help=(
        "Take what one model has learned to your data, and know that it helped.\n\n"
        "Try it without any data of yours: transferkit demo"
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


class Interrupted(Failed):
    """Ctrl-C came before there was anything to show."""

    exit_code: ClassVar[int] = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name) and give its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        with output.plain_warnings(quiet=bool({"--quiet", "-q"} & set(given))):
            code = app(given, prog_name="transferkit", standalone_mode=False, obj=tuple(given))
            sys.stdout.flush()
        return int(code or 0)
    except TransferkitError as reason:
        _trace(given)
        output.fail(str(reason), as_json)
        return reason.exit_code
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - kept open until the interpreter has flushed into it
        return 0
    except Exception as reason:
        if hasattr(reason, "format_message"):  # the option parser's own: an unknown option, a value that is no number
            if given:  # without arguments the help has been shown
                output.fail(_worded(reason), as_json)
            return 2
        _trace(given)
        output.fail(f"unexpected {type(reason).__name__}: {reason} (see where with {output.DEBUG}=1)", as_json)
        return 1


def _version(wanted: bool) -> None:
    if wanted:
        import transferkit

        output.show(f"transferkit {transferkit.__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)]
Debug = Annotated[bool, typer.Option("--debug", hidden=True)]


@app.callback()
def root(version: Version = False, debug: Debug = False) -> None:
    """Take what one model has learned to your data, and know that it helped."""


def _interruptible(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The verb, with Ctrl-C turned into one line."""

    @functools.wraps(verb)
    def run(*positional: Any, **named: Any) -> Any:
        try:
            return verb(*positional, **named)
        except (
            KeyboardInterrupt,
            ImportError,
        ) as reason:  # a compiled module makes an ImportError of Ctrl-C while it loads
            if not any(isinstance(one, KeyboardInterrupt) for one in (reason, reason.__cause__)):
                raise
            raise Interrupted(
                "interrupted; with --out what had finished is kept, and the same command goes on"
            ) from None

    return run


def _worded(reason: Exception) -> str:
    """The option parser's message, with where to look."""
    context = getattr(reason, "ctx", None)
    command = getattr(context, "command_path", None) or "transferkit"
    message: str = reason.format_message()  # type: ignore[attr-defined]
    return f"{message.rstrip('.')}; see {command} --help"


def _trace(given: Sequence[str]) -> None:
    if "--debug" in given or os.environ.get(output.DEBUG, "0") not in ("", "0"):
        traceback.print_exc()


for _verb in (
    studies.transfer,
    studies.rank,
    plans.plan,
    studies.compare,
    results.predict,
    results.report,
    export.export,
    catalogue.sources,
    catalogue.methods,
    demo.demo,
    doctor.doctor,
):
    app.command()(_interruptible(_verb))
