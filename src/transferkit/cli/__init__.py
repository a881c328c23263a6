"""The command line: the front door's verbs, the same words. `main` is the `transferkit` command."""

from transferkit.cli.app import app, main

__all__ = ["app", "main"]
