"""Settings: few, checked, and clear about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar_app.errors import FolderRefused, SettingsUnreadable
from avatar_app.settings import Settings, keep_settings, read_settings, settings_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a place for the file."""
    return tmp_path / "config" / "settings.toml"


def test_without_a_file_the_usual_ones_hold(path: Path) -> None:
    """Nobody has to have a file."""
    assert read_settings(path) == Settings()


def test_what_is_kept_is_read(path: Path) -> None:
    """Every choice survives, and nothing is left beside the file."""
    chosen = Settings(film_fps=30, film_height=1080, theme="dark", language="en")
    keep_settings(chosen, path)

    assert read_settings(path) == chosen
    assert [place.name for place in path.parent.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("film_hight = 720", "'film_hight' is unknown. Did you mean 'film_height'?"),
        ("fps = 30", "'fps' is unknown. Did you mean 'film_fps'?"),
        ("zzzz = 1", "'zzzz' is unknown."),
        ("film_height = 721", "'film_height' can be 480, 720, 1080; it is 721"),
        ('film_height = "720"', "it is '720'"),
        ("film_height = true", "it is True"),
        ("film_height = [720]", "'film_height' can be"),
        ("voice = 'hers'", "'voice' can be own, xtts; it is 'hers'"),
        ("theme = 'neon'", "'theme' can be system, light, dark"),
        ("film_height = ", "settings.toml"),
        ("\x00\x01", "settings.toml"),
    ],
)
def test_what_is_wrong_is_named(path: Path, content: str, sentence: str) -> None:
    """The person learns which key, what it could be, and which file."""
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(SettingsUnreadable) as told:
        read_settings(path)

    assert sentence in str(told.value)
    assert str(path) in str(told.value)
    assert "delete" in told.value.remedy


def test_a_torn_file_is_told(path: Path) -> None:
    """Bytes that are no text at all."""
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x80 theme")
    with pytest.raises(SettingsUnreadable):
        read_settings(path)


def test_a_folder_that_cannot_be_used_is_told(path: Path) -> None:
    """A file stands where the folder should be."""
    path.parent.write_text("in the way")
    with pytest.raises(FolderRefused):
        keep_settings(Settings(), path)


def test_the_file_lies_where_the_system_keeps_such_things() -> None:
    """It is named after the app."""
    assert settings_path().parts[-2:] == ("avatar-app", "settings.toml")
