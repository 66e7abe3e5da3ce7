"""The commands: demo, weights and doctor; with none, the window opens.

Exit codes: 0 done, 1 something is missing (doctor), 2 the person can put it right,
130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from avatar_app import __version__
from avatar_app.errors import AvatarError
from avatar_app.window.words import STOPPED, time_left
from avatar_app.work import Pace, Progress, carry_out


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    # Waiting threads of OpenMP that spin take the cores from those that work.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    wish = _understood(words)
    if wish.command == "doctor":
        return _doctor()
    if wish.command == "demo":
        return _demo(wish.out, wish.text, wish.seed, wish.engine)
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
    weights = commands.add_parser(
        "weights", help="fetch or choose other people's weights for an engine"
    )
    weights.add_argument("engine", choices=("wav2lip",))
    weights.add_argument("--file", type=Path, help="one that is already here")
    weights.add_argument(
        "--accept-licence", action="store_true", help="after having read it"
    )
    commands.add_parser("doctor", help="say what this computer has and lacks")
    return asked.parse_args(words)


def _demo(folder: Path, text: str | None, seed: int, engine: str) -> int:
    from avatar_app.studio import make_demo

    told = _Told()
    try:
        film = carry_out(make_demo(folder, text, seed, engine), told.step)
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
    return 0


def _weights(engine: str, file: Path | None, *, accepts: bool) -> int:
    """Show the licence, and only then take weights in; the one use of the network."""
    from avatar_app.perform.lips_wav2lip import get_wav2lip
    from avatar_app.weights.fetching import accept_licence, licence_of, weights_folder

    entry = licence_of(engine)
    print(f"{entry.licence_text.strip()}\n{entry.licence_url}\n")
    if file is None:
        print(f"{entry.size / 1e6:.0f} MB would come from {entry.url}\n")
    if not accepts and sys.stdin.isatty():
        accepts = input("Type 'I accept' to go on: ").strip().lower() == "i accept"
    if not accepts:
        print("Nothing was fetched. With --accept-licence it is.", file=sys.stderr)
        return 2
    told = _Told()
    try:
        accept_licence(entry, weights_folder())
        known = carry_out(get_wav2lip(file=file), told.step)
    except AvatarError as error:
        told.over()
        print(f"{error}\n{error.remedy}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        told.over()
        print(STOPPED, file=sys.stderr)
        return 130
    told.over()
    print(f"Ready: {known}. Use it with --engine {engine}.")
    return 0


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
