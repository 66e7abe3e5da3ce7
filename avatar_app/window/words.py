"""Labels and sentences on the screen, in one place to be edited and translated."""

from __future__ import annotations

from typing import Final

TITLE: Final = "Avatar App"
HEADLINE: Final = "A talking avatar of you, made by you, kept by you"
PROMISES: Final = (
    "Only of yourself: nobody else's face or voice can be used.",
    "Everything happens on this computer; nothing is sent anywhere.",
    "Every film says that it is AI-generated.",
)
DEMO: Final = (
    "Try it without a camera: a drawn presenter is filmed, learned and speaks. "
    "This takes a few minutes."
)
FOLDER: Final = "Save the film in"
CHOOSE: Final = "Choose…"
CHOOSE_NAME: Final = "Choose the folder for the film"
MAKE: Final = "Make the demo film"
PAUSE: Final = "Pause"
GO_ON: Final = "Continue"
CANCEL: Final = "Cancel"
OPEN_FILM: Final = "Open film"
SHOW_FOLDER: Final = "Show folder"
AGAIN: Final = "Make another"
TRY_AGAIN: Final = "Try again"
BACK: Final = "Back"
STARTING: Final = "Starting"
PAUSED: Final = "Paused. Nothing is lost."
STOPPING: Final = "Stopping and tidying up"
STOPPED: Final = "Stopped. No half film is left; what was recorded stays sealed."
DONE: Final = "Your film is ready"
PROGRESS_NAME: Final = "Progress"
STILL_NAME: Final = "A picture from the film"
UNEXPECTED: Final = "Something unexpected happened."
ADJUST: Final = "Adjust the look"
ADJUST_HEADING: Final = "Adjust how the film looks"
PREVIEW_NAME: Final = "One second of the film"
PREVIEW_OPENING: Final = "Getting the preview ready"
PREVIEW_DRAWING: Final = "Drawing the preview"
PREVIEW_SHOWN: Final = "One second of the film, as it would be"
PLAY_AGAIN: Final = "Play again"
MAKE_AGAIN: Final = "Make the film again"
USUAL: Final = "Back to usual"
REACH_SHOW: Final = "Show how far the drawing reaches"
REACH_HIDE: Final = "Hide how far the drawing reaches"
CONTROLS: Final = {
    "opening": "How far the mouth moves",
    "smoothing": "Calmer mouth",
    "is_still": "Keep the head still",
    "nods": "Nod a little on stressed words",
    "shape": "Shape of the film",
    "closeness": "Closer to the face",
    "lift": "Face higher or lower",
    "up": "Drawn area, upwards",
    "down": "Drawn area, below the chin",
    "left": "Drawn area, to the left",
    "right": "Drawn area, to the right",
}
SHAPES: Final = {
    "whole": "As the camera sees it",
    "16:9": "Wide, 16:9",
    "1:1": "Square, 1:1",
    "4:5": "Portrait, 4:5",
    "9:16": "Upright, 9:16",
}
_OFF: Final = "off"


def value_of(control: str, value: float) -> str:
    """Say the value of a control."""
    if control == "smoothing":
        return f"over {value:g} pictures" if value else _OFF
    if control in ("opening", "closeness"):
        return f"{value:.0%}"
    return f"{value:+.0%}" if value else "0%"


def time_left(seconds: float) -> str:
    """Say a length of time as a person would."""
    if seconds < 57.5:
        return f"about {max(5, 5 * round(seconds / 5))} s left"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} min left"
    return f"about {minutes // 60} h {minutes % 60} min left"


def length(seconds: float) -> str:
    """Say how long a film is."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"
