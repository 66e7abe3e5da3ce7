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
