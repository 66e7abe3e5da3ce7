"""The drawn presenter's clips as a folder of footage: nobody's face, so they lie open.

They read the demo's script and as much again, three minutes at 1280 × 720; every fifth
reading is held out.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from avatar_app.capture.devices import Prompt
from avatar_app.capture.recording import record_take
from avatar_app.capture.take import Purpose
from avatar_app.demo.presenter import DrawnPresenter
from avatar_app.demo.script import DEMO_PROMPTS
from avatar_app.vault.vault import Vault
from avatar_app.work import carry_out

_FURTHER = (
    "My brother bought a pair of brown boots at the market.",
    "A small team of people moved the piano up the stairs.",
    "Open the window before you bake the apple bread.",
    "The museum opens at nine and closes before supper.",
    "Her grandmother remembers every summer by the river.",
    "Bob put the broom beside the pump and began to mop.",
    "We saw five wolves move over the frozen lawn at dawn.",
    "The teacher asked us to read three easy pages each week.",
    "Nobody knew who had blown the horn in the fog.",
    "Sheep and geese were sleeping near the village church.",
    "Measure the garage before you choose a larger machine.",
    "Their father gathers feathers for those other birds.",
    "I would like a glass of cold water and some warm toast.",
    "The purple balloon popped above the empty bus stop.",
    "Make sure the camera is as high as your eyes.",
    "He always walks the dog along the old stone wall.",
    "Jim joined the choir in June and enjoys the songs.",
    "Maybe we could meet on the bridge in a minute or two.",
    "The cook shook the pot and took a good look at the soup.",
    "Seventy-five visitors viewed the valley from above.",
)
_HELD_OUT = 5  # every so many


def draw_presenter(folder: Path) -> Path:
    """Draw the clips, with a manifest; once, for what lies there is used again."""
    manifest = folder / "manifest.csv"
    if manifest.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    further = [Prompt(text, Purpose.READING) for text in _FURTHER]
    prompts = [p for p in (*DEMO_PROMPTS, *further) if p.text]
    drawn = DrawnPresenter()
    with tempfile.TemporaryDirectory() as place:
        vault = Vault.new(Path(place) / "vault", "a drawn presenter has no secrets")
        devices = (drawn.camera, drawn.microphone, drawn.teleprompter)
        take = carry_out(record_take(*devices, prompts, vault))
        rows = []
        for number, clip in enumerate(take.clips):
            name = f"reading-{number:02d}.mkv"
            (folder / name).write_bytes(vault.read(clip.name))
            held_out = number % _HELD_OUT == _HELD_OUT - 1
            split = "heldout" if held_out else "train"
            rows.append({"file": name, "split": split, "text": clip.text})
    with manifest.open("w", encoding="utf-8", newline="") as page:
        writer = csv.DictWriter(page, ["file", "split", "text"])
        writer.writeheader()
        writer.writerows(rows)
    return folder
