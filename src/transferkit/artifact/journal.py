"""Journal: what a run has finished, kept so that `kill -9` at any moment loses at most the trial in flight.

A run directory holds `journal.sqlite` and, a folder each, the predictors of its trials. A trial's files reach the disk
under their final name before its row is committed: a row therefore always has its files, and files without a row are
what a kill left behind; they are removed at the next opening. SQLite's rollback journal with full synchronisation is
slower than WAL and needs no shared memory, so that it also holds on network drives; a run writes a few rows a minute.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

from transferkit.artifact import plain_json, saved
from transferkit.artifact.atomic import PARTIAL, disk_errors, disk_full, new_directory, remove, remove_partials
from transferkit.artifact.lock import LOCK_FILE, Lock
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.predictor import Predictor
from transferkit.evaluate.trial import TrialKey, TrialResult

JOURNAL = "journal.sqlite"
TRIALS = "trials"
FORMAT = 1
_APPLICATION = 0x7472666B  # "trfk", SQLite's mark of whose file it is
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
_ELSEWHERE = "name an empty or new folder with --out"
_SCHEMA = f"""
BEGIN IMMEDIATE;
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE run (identity TEXT NOT NULL, begun TEXT NOT NULL, transferkit TEXT NOT NULL);
CREATE TABLE trials (
  digest TEXT PRIMARY KEY, key TEXT NOT NULL, result TEXT NOT NULL, seconds REAL NOT NULL,
  has_predictor INTEGER NOT NULL, finished TEXT NOT NULL
);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_CLOCK = "CREATE TABLE IF NOT EXISTS clock (only INTEGER PRIMARY KEY CHECK (only = 1), seconds REAL NOT NULL)"
"""Apart from the schema: journals of the first transferkit have none, and there the trials' own seconds stand for it."""


def _nobody() -> None:
    """Nobody wants to know."""


class Journal:
    """A run directory, opened by one process at a time. Use as a context manager, or `close` it."""

    def __init__(
        self, directory: Path, connection: sqlite3.Connection, lock: Lock, changed: Callable[[], None] = _nobody
    ) -> None:
        self.directory = directory
        self._connection = connection
        self._lock = lock
        self._changed = changed
        self._opened = time.monotonic()
        self._spent_before = self.spent_seconds

    @classmethod
    def open(cls, directory: str | Path, identity: Mapping[str, Any], changed: Callable[[], None] = _nobody) -> Journal:
        """Begin a run in an empty or absent folder, or go on with the one there.

        `identity` (JSON-able) is what makes it the same study. A folder with another run, with files of somebody else,
        or in which another process is at work is refused; another run of which no trial is finished gives way. `changed` is
        called after every change, with the change on disk.
        """
        directory = Path(directory)
        _refuse_foreign(directory)
        with disk_errors(directory):
            directory.mkdir(parents=True, exist_ok=True)
            lock = Lock(directory)
        connection: sqlite3.Connection | None = None
        try:
            with _journal_errors(directory):
                connection = sqlite3.connect(directory / JOURNAL, isolation_level=None)
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("PRAGMA synchronous = EXTRA")
                _identify(connection, directory, identity)
                connection.execute(_CLOCK)
            journal = cls(directory, connection, lock, changed)
            journal._clean()
        except BaseException:
            if connection is not None:
                connection.close()
            lock.release()
            raise
        return journal

    def finished(self, key: TrialKey) -> TrialResult | None:
        """What a finished trial left, or None where it has yet to be done."""
        row = self._one("SELECT result FROM trials WHERE digest = ?", key.digest)
        return None if row is None else TrialResult(**json.loads(row[0]))

    def finish(
        self, key: TrialKey, result: TrialResult, predictor: Predictor | Mapping[str, bytes] | None = None
    ) -> TrialResult:
        """Keep a trial for good. Returns the result as a resumed run will read it (lists where there were tuples).

        `predictor`: what a refit gave, or what `saved.files_of` made of it.
        """
        if self.finished(key) is not None:
            raise Failed(
                f"trial {key.arm} ({key.phase}, seed {key.seed}) is already in {self.directory}; trials run once"
            )
        written = plain_json.exact(asdict(result))
        if predictor is not None:
            with new_directory(self._folder(key)) as folder:
                saved.write_into(folder, saved.files_of(predictor) if isinstance(predictor, Predictor) else predictor)
        row = (key.digest, plain_json.exact(asdict(key)), written, float(result.seconds), predictor is not None, _now())
        try:
            self._change(("INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?)", row), self._clock())
        except Failed:  # a full disk: give back the room
            if predictor is not None:
                remove(self._folder(key))
            raise
        return TrialResult(**json.loads(written))

    def predictor(self, key: TrialKey) -> Predictor:
        """The predictor a finished trial was kept with."""
        row = self._one("SELECT has_predictor FROM trials WHERE digest = ?", key.digest)
        if not (row and row[0]):
            raise Failed(f"trial {key.arm} ({key.phase}, seed {key.seed}) was kept without a predictor")
        return saved.load(self._folder(key))

    def trials(self) -> tuple[tuple[TrialKey, TrialResult], ...]:
        """Every finished trial, in the order they finished."""
        with _journal_errors(self.directory):
            rows = self._connection.execute("SELECT key, result FROM trials ORDER BY rowid").fetchall()
        return tuple((_key(key), TrialResult(**json.loads(result))) for key, result in rows)

    @property
    def spent_seconds(self) -> float:
        """Seconds this run has been at work, up to its last trial, whoever was at work; trials side by side count once."""
        row = self._one("SELECT seconds FROM clock") or self._one("SELECT TOTAL(seconds) FROM trials")
        return float(row[0]) if row else 0.0

    def spend(self) -> None:
        """Note the time until now as spent: for a trial that left nothing else to keep."""
        self._change(self._clock())

    def note(self, name: str, value: Any) -> Any:
        """Record a JSON-able fact once and give back what stands.

        A fact already there stays as it is: a choice made before a kill is the choice after it.
        """
        self._change(("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, plain_json.exact(value))))
        return self.get(name)

    def get(self, name: str, default: Any = None) -> Any:
        """A fact noted before, or `default`."""
        row = self._one("SELECT value FROM facts WHERE name = ?", name)
        return default if row is None else json.loads(row[0])

    def close(self) -> None:
        """Let other processes in."""
        self._connection.close()
        self._lock.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _folder(self, key: TrialKey) -> Path:
        return self.directory / TRIALS / key.digest

    def _clean(self) -> None:
        """Remove what trials that never finished left behind."""
        with disk_errors(self.directory):
            remove_partials(self.directory)
            kept = {row[0] for row in self._connection.execute("SELECT digest FROM trials WHERE has_predictor")}
            trials = self.directory / TRIALS
            for folder in trials.iterdir() if trials.is_dir() else ():
                if folder.name not in kept:
                    remove(folder)

    def _one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        with _journal_errors(self.directory):
            row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
        return row

    def _clock(self) -> tuple[str, tuple[Any, ...]]:
        """The statement that sets the clock to now."""
        spent = self._spent_before + time.monotonic() - self._opened
        return "INSERT OR REPLACE INTO clock VALUES (1, ?)", (spent,)

    def _change(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        """All of them or none, on disk when this returns."""
        with _journal_errors(self.directory):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for statement, values in statements:
                    self._connection.execute(statement, values)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        self._changed()


@dataclass(frozen=True)
class Glimpse:
    """What can be seen of a run while somebody else is at work on it."""

    identity: str
    trials: int
    """Finished so far."""
    seconds: float = 0.0
    """At work so far."""


def glimpse(directory: Path) -> Glimpse | None:
    """Look into a run without opening it; None where there is none yet, or it cannot be read at this moment."""
    if not (directory / JOURNAL).exists():
        return None
    connection = sqlite3.connect(f"{(directory / JOURNAL).absolute().as_uri()}?mode=ro", uri=True)
    try:
        identity = connection.execute("SELECT identity FROM run").fetchone()
        trials = connection.execute("SELECT COUNT(*) FROM trials").fetchone()
        clock = connection.execute("SELECT seconds FROM clock").fetchone()
    except sqlite3.Error:
        return None
    finally:
        connection.close()
    return None if identity is None else Glimpse(identity[0], trials[0], clock[0] if clock else 0.0)


def refuse_another(directory: Path, there: str, identity: Mapping[str, Any]) -> None:
    """Raise where the identity that is written down there is not this one."""
    if there != (here := plain_json.exact(identity)):
        difference = _difference(json.loads(there), json.loads(here))
        raise WrongUse(f"{directory} holds another run, at work at this moment ({difference}); {_ELSEWHERE}")


def _refuse_foreign(directory: Path) -> None:
    """Raise where files of somebody else lie in a folder without a run."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise WrongUse(f"{directory} is a file, not a folder for a run; {_ELSEWHERE}")
    names = sorted(entry.name for entry in directory.iterdir())
    if JOURNAL in names:
        return
    foreign = [name for name in names if name not in _LITTER | {LOCK_FILE} and not name.startswith(PARTIAL)]
    if saved.STUDIES in names:
        raise WrongUse(f"{directory} holds the studies of several targets, not one; {_ELSEWHERE}")
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise WrongUse(f"{directory} holds no run but other files ({', '.join(foreign[:3])}{more}); {_ELSEWHERE}")


def _identify(connection: sqlite3.Connection, directory: Path, identity: Mapping[str, Any]) -> None:
    """Write the identity into a new journal; in an old one, check that it is the same."""
    tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    written = connection.execute("PRAGMA user_version").fetchone()[0]
    if not tables and not application:  # new, or killed before the first commit
        connection.executescript(_SCHEMA)
        connection.execute(
            "INSERT INTO run VALUES (?, ?, ?)", (plain_json.exact(identity), _now(), version("transferkit"))
        )
        connection.execute("COMMIT")
        return
    if application != _APPLICATION:
        raise WrongUse(f"{directory / JOURNAL} is a database of another program; {_ELSEWHERE}")
    there, begun, by = connection.execute("SELECT identity, begun, transferkit FROM run").fetchone()
    if written > FORMAT:
        raise WrongUse(
            f"{directory} holds a run of transferkit {by}, which is newer than this one; upgrade, or {_ELSEWHERE}"
        )
    if there == (here := plain_json.exact(identity)):
        return
    if connection.execute("SELECT COUNT(*) FROM trials").fetchone()[0]:
        difference = _difference(json.loads(there), json.loads(here))
        raise WrongUse(f"{directory} holds another run, begun {begun} ({difference}); {_ELSEWHERE}")
    _begin_anew(connection, here)


def _begin_anew(connection: sqlite3.Connection, identity: str) -> None:
    """Another study in place of one that came to nothing, such as a first try that was misspelled."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in ("DELETE FROM facts", "DROP TABLE IF EXISTS clock", "DELETE FROM run"):
        connection.execute(statement)
    connection.execute("INSERT INTO run VALUES (?, ?, ?)", (identity, _now(), version("transferkit")))
    connection.execute("COMMIT")


def _difference(there: dict[str, Any], here: dict[str, Any]) -> str:
    """What tells two identities apart, in a few words."""
    names = [name for name in sorted(there | here) if there.get(name) != here.get(name)]
    parts = [f"{name} is {_brief(there.get(name))} there, {_brief(here.get(name))} here" for name in names[:3]]
    return "; ".join(parts) + (f"; and {len(names) - 3} more" if len(names) > 3 else "")


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


@contextmanager
def _journal_errors(directory: Path) -> Iterator[None]:
    """Turn SQLite's refusals into one line."""
    path = directory / JOURNAL
    try:
        yield
    except sqlite3.Error as reason:
        code = getattr(reason, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind, the rest its detail
        if code == sqlite3.SQLITE_FULL:
            raise disk_full(path) from reason
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            raise WrongUse(f"{path} cannot be written ({reason}); name a place that is yours") from reason
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise Failed(f"{path} is damaged ({reason}); {_ELSEWHERE}, and begin anew") from reason
        raise Failed(f"{path} cannot be used: {reason}") from reason


def _key(written: str) -> TrialKey:
    plain = json.loads(written)
    return TrialKey(**{**plain, "sources": tuple(plain["sources"])})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
