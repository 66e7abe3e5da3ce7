"""Settings: the few choices a person can change, in one small TOML file."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from platformdirs import user_config_path

from avatar_app.errors import FolderRefused, SettingsUnreadable

APP = "avatar-app"
FILM_HEIGHTS = (480, 720, 1080)
FILM_PACES = (24, 25, 30)
THEMES = ("system", "light", "dark")
LANGUAGES = ("system", "en")
VOICES = ("own", "xtts")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person has chosen.

    Attributes:
        film_fps: Pictures per second of an exported film.
        film_height: Of an exported film, in pixels.
        theme: ``system`` follows the desktop.
        language: Of the window; ``system`` follows the desktop.
        voice: Who speaks: the person's own embedded voice, or an engine whose weights
            they have added.
    """

    film_fps: int = 25
    film_height: int = 720
    theme: str = "system"
    language: str = "system"
    voice: str = "own"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            chosen = getattr(self, name)
            if type(chosen) is not type(choices[0]) or chosen not in choices:
                allowed = ", ".join(map(str, choices))
                raise ValueError(f"'{name}' can be {allowed}; it is {chosen!r}")


_CHOICES: dict[str, tuple[object, ...]] = {
    "film_fps": FILM_PACES,
    "film_height": FILM_HEIGHTS,
    "theme": THEMES,
    "language": LANGUAGES,
    "voice": VOICES,
}


def settings_path() -> Path:
    """Say where the settings lie for this person on this system."""
    return user_config_path(APP, appauthor=False) / "settings.toml"


def read_settings(path: Path | None = None) -> Settings:
    """Read the settings; the usual ones where there is no file.

    Raises:
        SettingsUnreadable: The file is damaged, or holds a key or a value we do not
            know; the sentence names it and its nearest neighbour.
    """
    path = path or settings_path()
    try:
        chosen = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsUnreadable(str(path), f"{error}") from error
    known = [field.name for field in fields(Settings)]
    for key in chosen:
        if key not in known:
            raise SettingsUnreadable(str(path), _unknown(key, known))
    try:
        return Settings(**chosen)
    except ValueError as error:
        raise SettingsUnreadable(str(path), str(error)) from error


def keep_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings, whole or not at all.

    Raises:
        FolderRefused: The folder may not be written to.
    """
    path = path or settings_path()
    # A JSON string or number is a TOML one too.
    lines = [
        f"{key} = {json.dumps(value)}\n" for key, value in asdict(settings).items()
    ]
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise FolderRefused(str(path.parent)) from error


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"'{key}' is unknown.{hint}"
