"""The commands: demo, weights and doctor; with none, the window opens.

Exit codes: 0 done, 1 something is missing (doctor), 2 the person can put it right,
130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from avatar_app import __version__
from avatar_app.errors import AvatarError
from avatar_app.lesson.style import RANGES, SHAPES
from avatar_app.settings import VOICES, read_settings
from avatar_app.window.words import STOPPED, time_left
from avatar_app.work import Job, Pace, Progress, carry_out


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    # Waiting threads of OpenMP that spin take the cores from those that work.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    wish = _understood(words)
    if wish.command == "doctor":
        return _doctor()
    if wish.command == "demo":
        return _demo(wish, _changes(wish))
    if wish.command == "weights":
        return _weights(wish.engine, wish.file, accepts=wish.accept_licence)
    from avatar_app.window.opening import open_window

    return open_window()


def _understood(words: Sequence[str] | None) -> argparse.Namespace:
    asked = argparse.ArgumentParser(
        prog="avatar-app",
        description="Make a talking avatar of yourself, and of nobody else, on your "
        "own computer. Without a command, the window opens.",
    )
    asked.add_argument("--version", action="version", version=__version__)
    commands = asked.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser(
        "demo", help="make a film of the drawn presenter, without camera or microphone"
    )
    demo.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    demo.add_argument("--text", help="what the presenter says")
    demo.add_argument("--seed", type=int, default=0, help="which presenter (default 0)")
    demo.add_argument(
        "--engine",
        choices=("own", "wav2lip"),
        default="own",
        help="who draws the mouth (default own; see 'weights')",
    )
    demo.add_argument(
        "--voice",
        choices=VOICES,
        help="who speaks (default: as in the settings; see 'weights')",
    )
    _offer_style(demo)
    weights = commands.add_parser(
        "weights", help="fetch or choose other people's weights for an engine"
    )
    weights.add_argument("engine", choices=("wav2lip", "xtts"))
    weights.add_argument(
        "--file", type=Path, help="one that is already here; of xtts, its folder"
    )
    weights.add_argument(
        "--accept-licence", action="store_true", help="after having read it"
    )
    commands.add_parser("doctor", help="say what this computer has and lacks")
    return asked.parse_args(words)


def _offer_style(command: argparse.ArgumentParser) -> None:
    """Add an option for each of the author's controls; the script's head has them too.

    Values are checked where styles are, so that a wrong one is told as everywhere.
    """
    look = command.add_argument_group("the look of the film")
    for name, range_ in RANGES.items():
        look.add_argument(
            f"--{name}",
            metavar="N",
            help=f"{_CONTROLS[name]} ({range_.low:g} to {range_.high:g})",
        )
    look.add_argument("--shape", metavar="W:H", help=f"one of {', '.join(SHAPES)}")
    look.add_argument("--still", action="store_true", help="keep the head still")
    look.add_argument("--no-nods", action="store_true", help="do not nod on words")


_CONTROLS: Final = {
    "opening": "how far the mouth moves, 1 as the person's",
    "smoothing": "pictures over which the mouth is calmed, 0 for none",
    "up": "how much farther the drawing reaches upwards, in eye distances",
    "down": "the same below the chin",
    "left": "the same on the left",
    "right": "the same on the right",
    "closeness": "how much closer the film shows the face",
    "lift": "how much higher the face stands, in heights of the picture",
}


def _changes(wish: argparse.Namespace) -> dict[str, object]:
    """What was asked for of the look; nothing else overrides the script's head."""
    asked = {name: getattr(wish, name) for name in (*RANGES, "shape")}
    changes: dict[str, object] = {k: v for k, v in asked.items() if v is not None}
    changes |= {"is_still": True} if wish.still else {}
    return changes | ({"nods": False} if wish.no_nods else {})


def _demo(wish: argparse.Namespace, changes: Mapping[str, object]) -> int:
    from avatar_app.studio import make_demo

    told = _Told()
    try:
        voice = wish.voice or read_settings().voice
        film = carry_out(
            make_demo(wish.out, wish.text, wish.seed, wish.engine, changes, voice),
            told.step,
        )
    except AvatarError as error:
        told.over()
        print(f"{error}\n{error.remedy}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        told.over()
        print(STOPPED, file=sys.stderr)
        return 130
    told.over()
    print(f"Film:     {film.path}  ({film.seconds:.1f} s, {film.frames} pictures)")
    print(f"Captions: {film.captions}")
    if film.report is not None:
        print("Report:   " + "\n          ".join(film.report.lines()))
    if film.warning:
        print(f"Note:     {film.warning}")
    for engine in {wish.engine, voice} - {"own"}:
        print(f"Licence:  {_licence(engine)}")
    return 0


def _licence(engine: str) -> str:
    from avatar_app.weights.fetching import licence_of

    return f"{licence_of(engine).licence}: it holds for this film, made by {engine}"


def _weights(engine: str, file: Path | None, *, accepts: bool) -> int:
    """Show the licence, and only then take weights in; the one use of the network."""
    from avatar_app.weights.fetching import accept_licence, licence_of, weights_folder

    entry = licence_of(engine)
    print(f"{entry.licence_text.strip()}\n{entry.licence_url}\n")
    if file is None:
        for size, url in _wanted(engine):
            print(f"{size / 1e6:.0f} MB would come from {url}")
        print()
    if not accepts and sys.stdin.isatty():
        accepts = input("Type 'I accept' to go on: ").strip().lower() == "i accept"
    if not accepts:
        print("Nothing was fetched. With --accept-licence it is.", file=sys.stderr)
        return 2
    told = _Told()
    try:
        accept_licence(entry, weights_folder())
        known = carry_out(_getting(engine, file), told.step)
    except AvatarError as error:
        told.over()
        print(f"{error}\n{error.remedy}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        told.over()
        print(STOPPED, file=sys.stderr)
        return 130
    told.over()
    option = "--voice" if engine in VOICES else "--engine"
    print(f"Ready: {known}. Use it with {option} {engine}.")
    return 0


def _wanted(engine: str) -> list[tuple[int, str]]:
    """Bytes and addresses of what would be downloaded."""
    from avatar_app.weights.fetching import entries_of

    if engine == "wav2lip":  # two files are published, and one is enough
        return [(e.size, e.url) for e in entries_of(engine)[:1]]
    return [(e.size, e.url) for e in entries_of(engine)]


def _getting(engine: str, file: Path | None) -> Job[str]:
    if engine == "xtts":
        from avatar_app.perform.xtts_files import get_xtts

        return get_xtts(file=file)
    from avatar_app.perform.lips_wav2lip import get_wav2lip

    return get_wav2lip(file=file)


class _Told:
    """Progress on the terminal: one line that renews itself, or plain lines."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._is_terminal = sys.stdout.isatty()
        self._last = ""

    def step(self, step: Progress) -> None:
        """Show a step; in a log, only when it says something new."""
        left = self._pace.seconds_left(step)
        line = f"{step.fraction:4.0%}  {step.saying}"
        if self._is_terminal:
            line += f", {time_left(left)}" if left is not None else ""
            print(f"\r{line[:78]:<78}", end="", flush=True)
        elif step.saying != self._last:
            print(line, flush=True)
        self._last = step.saying

    def over(self) -> None:
        """Leave the line that renews itself."""
        if self._is_terminal and self._last:
            print()


def _doctor() -> int:
    from avatar_app.doctor import examine

    can_run = True
    for finding in examine(Path.cwd()):
        if finding.found:
            print(f"ok       {finding.name}: {finding.found}", flush=True)
        else:
            print(f"missing  {finding.name}. {finding.remedy}", flush=True)
            can_run = can_run and not finding.is_vital
    return 0 if can_run else 1


if __name__ == "__main__":
    sys.exit(main())
