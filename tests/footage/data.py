"""Where the evaluation data lies: told by AVATAR_APP_DATA, or beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def data_folder(name: str) -> Path:
    """Find a folder of the evaluation data, or skip the test with a sentence."""
    told = os.environ.get("AVATAR_APP_DATA")
    above = Path(__file__).resolve().parents
    places = [Path(told)] if told else [folder / "shared" / "data" for folder in above]
    for place in places:
        if (place / name).is_dir():
            return place / name
    pytest.skip(
        f"The evaluation data '{name}' is not here; it is looked for in the folder "
        "that AVATAR_APP_DATA names, or in shared/data beside the project."
    )
