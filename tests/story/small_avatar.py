"""A small avatar of the drawn presenter, made once and shared by all tests.

Making it is an experiment of its own: the making is stopped in every stage and taken
up again, and the disk is looked through while it goes on. What was noted is in
``Made``; the tests judge it.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from avatar_app.capture.devices import Prompt
from avatar_app.capture.recording import record_take
from avatar_app.capture.take import Purpose, Take
from avatar_app.demo.presenter import DrawnPresenter
from avatar_app.demo.script import DEMO_PROMPTS
from avatar_app.enroll.enrollment import Enrollment
from avatar_app.enroll.interview import enroll_person
from avatar_app.fit.avatar import FACE, Avatar
from avatar_app.fit.training import fit_avatar
from avatar_app.studio import DEMO_PASSPHRASE, DEMO_VAULT, calm_threads
from avatar_app.vault.key import Cost
from avatar_app.vault.vault import Vault
from avatar_app.work import Job, Progress, carry_out
from tests.fakes.shelf import OpenShelf

PERSON = "Ada Recognizable"
WIDTH, HEIGHT = 640, 360
QUICK = Cost(1, 64, 1)  # a passphrase that need not withstand anybody
PROMPTS = (
    Prompt("", Purpose.LISTENING, 3.0),
    *DEMO_PROMPTS[1:13],
    Prompt("nod", Purpose.GESTURE, 2.0),
)

# Words that only an unsealed file holds; long enough never to come by chance.
TELLING = (
    b"matroska",
    b"Lavf",
    b"x264 - core",
    b'"data_offsets"',
    b"trainedAlgorithmicMedia",
    b"reference libFLAC",
    PERSON.encode(),
    DEMO_PROMPTS[1].text[:20].encode(),
)
# How unsealed files begin: Matroska, FLAC, MP4, WAV, a numpy array, a zip.
BEGINNINGS = (b"\x1a\x45\xdf\xa3", b"fLaC", b"RIFF", b"\x93NUMPY", b"PK\x03\x04")

T = TypeVar("T")


class NotedVault(Vault):
    """A vault that notes what is written, in order, repeats included."""

    def note(self, written: list[str]) -> None:
        """Note into this list from now on."""
        self._written = written

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Open a writer as a vault does."""
        with super().create(name) as writer:
            yield writer
        self._written.append(name)


@dataclass(slots=True)
class Run:
    """One of several runs of a job, to its end or to where it was stopped."""

    said: list[Progress] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    shelf_before: tuple[str, ...] = ()
    shelf_after: tuple[str, ...] = ()
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The avatar, and how it came about.

    Attributes:
        folder: Holds ``demo-vault``, as ``make_demo`` would have left it.
        vault: Unlocked.
        avatar: Finished.
        take: What it was learned from.
        enrollment: Likewise.
        runs: By stage (record, enroll, fit), every run of it.
        unsealed: What was found readable on the disk, ever.
        looks: How often the disk was looked through.
        scratch: The folder for temporary files while it was made.
    """

    folder: Path
    vault: NotedVault
    avatar: Avatar
    take: Take
    enrollment: Enrollment
    runs: dict[str, list[Run]]
    unsealed: list[str]
    looks: int
    scratch: Path


@functools.lru_cache(1)
def made() -> Made:
    """Make the small avatar, or give the one that was made: about a minute."""
    calm_threads()
    folder = Path(tempfile.mkdtemp(prefix="small-avatar-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    scratch = folder / "scratch"
    scratch.mkdir()
    with _temporary_files_in(scratch):
        return _made(folder, scratch)


def _made(folder: Path, scratch: Path) -> Made:
    place = folder / DEMO_VAULT
    vault = cast(NotedVault, NotedVault.new(place, DEMO_PASSPHRASE, QUICK))
    watch = DiskWatch([place, scratch])
    runs: dict[str, list[Run]] = {"record": [], "enroll": [], "fit": []}

    def some(stage: str, job: Job[T], enough: Callable[[], bool]) -> None:
        runs[stage].append(stopped(job, vault, enough, watch))

    def whole(stage: str, job: Job[T]) -> T:
        run, result = finished(job, vault, watch)
        runs[stage].append(run)
        return result

    some("record", _recording(vault), lambda: "take/clip-002.mkv" in vault)
    take = whole("record", _recording(vault))
    some(
        "enroll",
        enroll_person(take, PERSON),
        lambda: len(list(vault.names("enroll/"))) == 3,
    )
    enrollment = whole("enroll", enroll_person(take, PERSON))
    some("fit", fit_avatar(enrollment), lambda: _has(vault, "lips-0"))
    some("fit", fit_avatar(enrollment), lambda: FACE in vault)
    avatar = whole("fit", fit_avatar(enrollment))
    watch.look()
    return Made(
        folder, vault, avatar, take, enrollment, runs, watch.found, watch.looks, scratch
    )


def _has(vault: Vault, part: str) -> bool:
    return any(part in name for name in vault.names("fit/"))


def _recording(vault: Vault) -> Job[Take]:
    drawn = DrawnPresenter(0, WIDTH, HEIGHT)
    return record_take(
        drawn.camera, drawn.microphone, drawn.teleprompter, PROMPTS, vault
    )


def stopped(
    job: Job[T],
    vault: NotedVault,
    enough: Callable[[], bool],
    watch: Callable[[Progress], None],
) -> Run:
    """Run a job until it is enough, then stop it as a closed window would."""
    run = Run(shelf_before=tuple(vault.names()))
    vault.note(run.written)
    began = time.process_time()
    while not enough():
        run.said.append(next(job))
        watch(run.said[-1])
    job.close()
    vault.note([])
    run.cpu_seconds = time.process_time() - began
    run.shelf_after = tuple(vault.names())
    return run


def finished(
    job: Job[T], vault: NotedVault, watch: Callable[[Progress], None]
) -> tuple[Run, T]:
    """Run a job to its end."""
    run = Run(shelf_before=tuple(vault.names()))
    vault.note(run.written)
    began = time.process_time()

    def both(step: Progress) -> None:
        run.said.append(step)
        watch(step)

    result = carry_out(job, both)
    vault.note([])
    run.cpu_seconds = time.process_time() - began
    run.shelf_after = tuple(vault.names())
    return run, result


class DiskWatch:
    """Looks through folders for anything that is not sealed."""

    def __init__(self, folders: list[Path]) -> None:
        self.found: list[str] = []
        self.looks = 0
        self._folders = folders
        self._saying = ""
        self._steps = 0
        self._known: set[tuple[str, int, int]] = set()

    def __call__(self, step: Progress) -> None:
        """Look whenever something else is being done, and now and then."""
        self._steps += 1
        if step.saying != self._saying or self._steps % 100 == 0:
            self._saying = step.saying
            self.look()

    def look(self) -> None:
        """Look through all files that changed since the last time."""
        self.looks += 1
        for place in (p for f in self._folders for p in f.rglob("*") if p.is_file()):
            try:
                state = place.stat()
                mark = (str(place), state.st_size, state.st_mtime_ns)
                if mark in self._known:
                    continue
                self._known.add(mark)
                self.found += [f"{place.name}: {what}" for what in told_by(place)]
            except FileNotFoundError:  # it was a draft a moment ago
                continue


def told_by(place: Path) -> list[str]:
    """What a file tells those who have no key: file formats, names, texts."""
    content = place.read_bytes()
    telling = [word.decode("latin1") for word in TELLING if word in content]
    begins = [repr(b) for b in BEGINNINGS if content.startswith(b)]
    return telling + begins + (["an MP4"] if content[4:8] == b"ftyp" else [])


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    outside = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if outside is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = outside


def on_open_shelf(prefix: str = "avatar/") -> OpenShelf:
    """Copy the avatar (or more) to a shelf in memory, where it can be harmed."""
    shelf = OpenShelf()
    for name in made().vault.names(prefix):
        shelf.kept[name] = made().vault.read(name)
    return shelf
