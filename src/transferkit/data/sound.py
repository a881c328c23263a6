"""Sound: files of recordings as lazy items, and the rules by which one is left out or told of.

Left out and listed: empty files; what is no WAV, FLAC, MP3, Ogg, AIFF, AU, CAF or W64, whatever its name says; files that
break off or hold what is no number; less than a hundredth of a second (one sample is no sound); more than ten minutes (to
be cut into pieces by the columns `start` and `end` of a table).

Used, and told of in a note: silent ones (silence may be a class); clipped ones; those of several channels, which are mixed
down when a network takes one; rates that differ, since each is resampled to what a network takes.

Any whole-number or floating-point samples become float32 in -1..1. A file's id is the SHA-256 of its bytes, and a piece's
that with its place: the same recording saved anew is another item.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.examples import Chosen
from transferkit.core.format import Skipped
from transferkit.core.run import Progress, silent
from transferkit.core.sound import Sound

if TYPE_CHECKING:
    from soundfile import SoundFile

SUFFIXES = frozenset(
    {".wav", ".wave", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au", ".snd", ".caf", ".w64"}
)
LEAST_SECONDS = 0.01
MOST_SECONDS = 600.0
_TOO_LONG = f"more than {MOST_SECONDS / 60:.0f} are not read, name its pieces by columns start and end in a table"
SILENT = 1e-4
"""Largest distance from its mean, of full scale, that counts as silence: -80 dB."""
FULL_SCALE = 0.999
CLIPPED_SHARE = 0.005
"""Of samples at full scale, from which a sound counts as clipped."""
_BLOCK = 2**16
"""Samples that are looked through at a time."""
_SHOWN = 3
_NO_SOUND = ("not recognised", "not a regular file", "unknown format", "No 'data' chunk")
"""What libsndfile says of a file that it has no reader for; the second of anything that is called .mp3 and is none."""


@dataclass(frozen=True)
class Piece:
    """A file, or a part of it; `end` None: to its end. Seconds."""

    path: Path
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class Checked:
    """A recording that can be used."""

    piece: Piece
    id: str
    seconds: float
    rate: int
    channels: int
    is_silent: bool
    clipped: float
    """Share of its samples that are at full scale."""


class Sounds(Sequence[Any]):
    """Recordings of files, read when asked for."""

    def __init__(self, pieces: Sequence[Piece], seconds: Sequence[float] | None = None) -> None:
        self.pieces = tuple(pieces)
        self._seconds = None if seconds is None else tuple(seconds)

    @classmethod
    def of(cls, checked: Sequence[Checked]) -> Sounds:
        """Of what `check_sounds` found usable."""
        return cls([one.piece for one in checked], [one.seconds for one in checked])

    @property
    def seconds(self) -> tuple[float, ...]:
        """How long each lasts; see `core.sound.seconds_of`."""
        if self._seconds is None:
            self._seconds = tuple(map(_seconds, self.pieces))
        return self._seconds

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        return read_sound(self.pieces[index])


def read_sound(piece: Piece) -> Sound:
    """The samples of a file or of a part of it. Raises Failed, one line, where it cannot be read."""
    import soundfile

    try:
        with soundfile.SoundFile(piece.path) as file:
            start, stop = _samples(piece, file)
            file.seek(start)
            samples = file.read(stop - start, dtype="float32", always_2d=True)
            rate = file.samplerate
    except Exception as reason:  # a broken file makes libsndfile fail in any way
        raise Failed(f"{piece.path}: {_short(reason, piece.path)}") from reason
    if len(samples) == 0:
        raise Failed(f"{piece.path}: no sample lies between {piece.start:g} and {piece.end} seconds")
    return Sound(samples, rate)


def check_sounds(
    pieces: Sequence[Piece | Path], names: Sequence[str], progress: Progress = silent
) -> list[Checked | Skipped]:
    """Every file, or piece of one, looked through once: usable, or left out for a reason, in the order given."""
    found: list[Checked | Skipped] = []
    with ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as pool:
        whole = [piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces]
        for result in pool.map(_check, whole, names):
            found.append(result)
            progress("reading sounds", len(found), len(pieces))
    return found


def notes_about(found: Sequence[Checked], names: Sequence[str]) -> tuple[str, ...]:
    """Lines that tell of silent, clipped and many-channelled sounds and of rates that differ; `names` as `found`."""
    kinds = (
        ([one.is_silent for one in found], "silent"),
        ([one.clipped >= CLIPPED_SHARE for one in found], f"clipped ({CLIPPED_SHARE:.1%} or more at full scale)"),
        ([one.channels > 1 for one in found], "of several channels, mixed down for a network that takes one"),
    )
    notes = []
    for holds, what in kinds:
        which = [name for name, is_so in zip(names, holds, strict=True) if is_so]
        if which:
            sounds = "sound is" if len(which) == 1 else "sounds are"
            notes.append(f"{len(which)} {sounds} {what}: {', '.join(which[:_SHOWN])}{', ...' * (len(which) > _SHOWN)}")
    rates = {one.rate for one in found}
    if len(rates) > 1:
        notes.append(
            f"sounds have {len(rates)} sample rates, {min(rates)} to {max(rates)} Hz; each is resampled to its network's"
        )
    return tuple(notes)


def _check(piece: Piece, name: str) -> Checked | Skipped:
    import soundfile

    try:
        if piece.path.stat().st_size == 0:
            return Skipped(name, "the file is empty")
        with soundfile.SoundFile(piece.path) as file:
            heard, start, stop = _heard(piece, file)
        with piece.path.open("rb") as bytes_:
            digest = hashlib.file_digest(bytes_, "sha256").hexdigest()
    except Exception as reason:  # a broken file makes libsndfile fail in any way
        return Skipped(name, _short(reason, piece.path))
    if piece.start or piece.end is not None:
        digest = hashlib.sha256(f"{digest} {start} {stop}".encode()).hexdigest()
    return Checked(piece, digest, *heard)


def check_content(content: bytes, name: str) -> Checked | Skipped:
    """As `check_sounds`, for the bytes of a file; the piece is named after it and is no file to read."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            heard, _, _ = _heard(Piece(Path(name)), file)
    except Exception as reason:  # a broken file makes libsndfile fail in any way
        return Skipped(name, _short(reason))
    return Checked(Piece(Path(name)), hashlib.sha256(content).hexdigest(), *heard)


def read_content(content: bytes, name: str) -> Sound:
    """The samples in the bytes of a file. Raises Failed, one line, where they cannot be read."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            return Sound(file.read(dtype="float32", always_2d=True), file.samplerate)
    except Exception as reason:  # a broken file makes libsndfile fail in any way
        raise Failed(f"{name}: {_short(reason)}") from reason


def _heard(piece: Piece, file: SoundFile) -> tuple[tuple[float, int, int, bool, float], int, int]:
    """Seconds, rate, channels, silence and clipping of a piece, and its first sample and the one after the last."""
    if len(file) == 0:
        raise WrongUse("it holds no samples")
    start, stop = _samples(piece, file)
    seconds = (stop - start) / file.samplerate
    if seconds < LEAST_SECONDS:
        samples = "1 sample" if stop - start == 1 else f"{stop - start} samples"
        raise WrongUse(f"{samples}, {seconds:.2g} s; a sound needs at least {LEAST_SECONDS:g} s")
    if seconds > MOST_SECONDS:
        raise WrongUse(f"{seconds / 60:.0f} minutes; {_TOO_LONG}")
    return (seconds, file.samplerate, file.channels, *_listen(file, start, stop)), start, stop


def _seconds(piece: Piece) -> float:
    """From the file's header."""
    import soundfile

    try:
        with soundfile.SoundFile(piece.path) as file:
            start, stop = _samples(piece, file)
            return float((stop - start) / file.samplerate)
    except Exception as reason:  # a broken file makes libsndfile fail in any way
        raise Failed(f"{piece.path}: {_short(reason, piece.path)}") from reason


def _samples(piece: Piece, file: SoundFile) -> tuple[int, int]:
    """First sample and the one after the last."""
    start = round(piece.start * file.samplerate)
    stop = len(file) if piece.end is None else min(round(piece.end * file.samplerate), len(file))
    if start >= stop:
        seconds = len(file) / file.samplerate
        raise WrongUse(f"{piece.start:g} to {piece.end} s lies outside of its {seconds:.2f} s")
    return start, stop


def _listen(file: SoundFile, start: int, stop: int) -> tuple[bool, float]:
    """Whether it is silent, and the share of samples at full scale; reads to the end, a block at a time."""
    file.seek(start)
    low, high, at_full_scale, n_read = np.inf, -np.inf, 0, 0
    while n_read < stop - start:
        block = file.read(min(_BLOCK, stop - start - n_read), dtype="float32", always_2d=True)  # (n, channels)
        if len(block) == 0:
            raise WrongUse(f"it breaks off after {n_read / file.samplerate:.2f} s")
        if not np.isfinite(block).all():
            raise WrongUse("it holds samples that are no numbers")
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        at_full_scale += int((np.abs(block) >= FULL_SCALE).sum())
        n_read += len(block)
    return high - low < 2 * SILENT, at_full_scale / (n_read * file.channels)


def _short(reason: Exception, path: Path | None = None) -> str:
    """The reason in a few words of ours where it is a known one; `path`: where the bytes lie, if anywhere."""
    from soundfile import LibsndfileError

    if isinstance(reason, WrongUse):
        return str(reason)
    if path is not None and not path.exists():
        return "no such file"
    if isinstance(reason, PermissionError):
        return "no permission to read it"
    if path is not None and path.is_dir():
        return "a folder, not a sound"
    first_line = (str(reason) or type(reason).__name__).splitlines()[0].rpartition(": ")[2]
    if isinstance(reason, LibsndfileError) and any(one in first_line for one in _NO_SOUND):
        return "not a sound (WAV, FLAC, MP3, Ogg, AIFF, AU, CAF and W64 are read)"
    return f"corrupt or truncated ({first_line.rstrip('.')})"
