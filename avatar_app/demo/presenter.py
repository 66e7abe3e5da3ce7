"""The drawn presenter: camera, microphone and teleprompter where there are none.

Nothing here waits: every picture taken moves drawn time on by one picture, and sound
is there as far as drawn time has come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from avatar_app.capture.devices import DeviceHandle, Heard, Prompt
from avatar_app.capture.take import Origin, Purpose
from avatar_app.demo.living import Living
from avatar_app.demo.mouth import MouthShape
from avatar_app.demo.portrait import Look, Portrait
from avatar_app.demo.speaking import BREATH, Utterance, utterances
from avatar_app.errors import CameraLost, SoundLost
from avatar_app.media import Picture

_VOICE, _RATE_HZ = "en-us", 48_000
# Seconds of silence round a reading; espeak-ng adds some 0.3 of its own at the end.
_LEAD_IN, _TAIL = (0.32, 0.50), (0.05, 0.15)
_ROOM = 10 ** (-68 / 20)  # a quiet room's own sound
_LOUDER = 0.9
_NOD = (0.5, 1.3)  # seconds from the prompt to a nod, and how long it takes
_NOD_PITCH = 0.075  # radians
_KEPT_SECONDS = 20.0  # sound nobody reads is forgotten, as a device would
_EVIDENCE = "drawn and spoken by this program"


class DrawnPresenter:
    """Someone drawn who reads what the teleprompter shows.

    Attributes:
        camera: Sees the presenter.
        microphone: Hears the presenter.
        teleprompter: Shows the presenter what to read.
    """

    def __init__(
        self, seed: int = 0, width: int = 1280, height: int = 720, fps: float = 25.0
    ) -> None:
        if fps <= 0:
            raise ValueError(f"pictures per second must be above zero, not {fps}")
        stage = Stage(seed, fps)
        self.camera = DrawnCamera(stage, width, height)
        self.microphone = DrawnMicrophone(stage)
        self.teleprompter = DrawnTeleprompter(stage)


class Stage:
    """Drawn time, and what is said in it.

    Attributes:
        seed: Of everything that is left to chance.
        fps: Pictures per second.
        taken: Pictures taken so far.
    """

    def __init__(self, seed: int, fps: float) -> None:
        self.seed, self.fps = seed, fps
        self.taken = 0
        self.living = Living(seed)
        self._chance = np.random.default_rng((seed, 5))
        self._hiss = np.random.default_rng((seed, 6))
        self._script: Iterator[Utterance] = iter(())
        self._begins = 0.0
        self._gesture, self._gesture_at = "", 0.0
        self._current: Utterance | None = None
        self._over_at = 0.0
        self._tail = 0.0
        self._sound: deque[NDArray[np.float32]] = deque()
        self._made, self._kept = 0, 0
        self._lock = Lock()  # camera and microphone may be read by two threads

    @property
    def now(self) -> float:
        """Drawn time, seconds."""
        return self.taken / self.fps

    def begin(self, prompt: Prompt) -> None:
        """Leave off whatever is being read and begin this prompt."""
        is_read = prompt.purpose is Purpose.READING and bool(prompt.text.strip())
        self._gesture = prompt.text if prompt.purpose is Purpose.GESTURE else ""
        self._gesture_at = self.now
        self._script = utterances(prompt.text if is_read else "", _VOICE, _RATE_HZ)
        self._tail = float(self._chance.uniform(*_TAIL))
        self._current = None
        start = self.now + float(self._chance.uniform(*_LEAD_IN)) - BREATH
        if is_read:
            self._turn_page(start)
        else:
            self._over_at = self.now + prompt.seconds

    @property
    def is_over(self) -> bool:
        """Whether the prompt is over."""
        return self._current is None and self.now >= self._over_at - 1e-9

    def look(self) -> Look:
        """How the presenter looks now."""
        mouth, stress = MouthShape(), 0.0
        if self._current is not None:
            since = self.now - self._begins
            mouth, stress = (
                self._current.shape_at(since),
                self._current.stress_at(since),
            )
        return Look(
            mouth,
            self.living.closed_at(self.now),
            self.living.gaze_at(self.now),
            self.living.pose_at(self.now, stress, self._pitch()),
        )

    def _pitch(self) -> float:
        """How far a gesture tilts the head down, radians: a nod, twice."""
        if self._gesture != "nod":
            return 0.0
        since = self.now - self._gesture_at - _NOD[0]
        if not 0 < since < _NOD[1]:
            return 0.0
        return _NOD_PITCH * float(np.sin(2 * np.pi * since / _NOD[1]) ** 2)

    def pass_time(self) -> None:
        """Let one picture's time pass, and make its sound."""
        self.taken += 1
        until = round(self.now * _RATE_HZ)
        sound = self._hiss.standard_normal(until - self._made, np.float32)
        sound *= np.float32(_ROOM)
        while self._current is not None:
            self._mix(sound)
            end = self._begins + self._current.sound.seconds
            if end > self.now:
                break
            self._turn_page(end)
        self._keep(np.clip(sound, -1.0, 1.0))

    def heard(self) -> Heard:
        """All sound since the last call."""
        with self._lock:
            start = self._made - self._kept
            parts = list(self._sound)
            self._sound.clear()
            self._kept = 0
        samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        return Heard(samples, start / _RATE_HZ)

    def forget(self) -> None:
        """Forget what was heard so far."""
        with self._lock:
            self._sound.clear()
            self._kept = 0

    def _turn_page(self, start: float) -> None:
        """Begin the next sentence at a moment, or note that there is none."""
        self._current = next(self._script, None)
        self._begins = start
        if self._current is None:
            self._over_at = start + self._tail

    def _mix(self, sound: NDArray[np.float32]) -> None:
        """Add what is being said to the sound that begins at the sample made last."""
        assert self._current is not None
        voice = self._current.sound.samples
        offset = self._made - round(self._begins * _RATE_HZ)
        first, last = max(0, offset), min(len(voice), offset + len(sound))
        if first < last:
            sound[first - offset : last - offset] += _LOUDER * voice[first:last]

    def _keep(self, sound: NDArray[np.float32]) -> None:
        with self._lock:
            self._made += len(sound)
            self._sound.append(sound)
            self._kept += len(sound)
            while self._kept > _KEPT_SECONDS * _RATE_HZ:
                self._kept -= len(self._sound.popleft())


class DrawnCamera:
    """A camera that draws what it sees; see capture.devices.Camera."""

    def __init__(self, stage: Stage, width: int, height: int) -> None:
        self.handle = DeviceHandle(
            "camera", 0, "Drawn presenter (DEMO)", _EVIDENCE, Origin.DEMO
        )
        self.width, self.height, self.fps = width, height, stage.fps
        self._stage = stage
        self._portrait: Portrait | None = None

    @property
    def coming(self) -> Look:
        """What the next picture will show; the truth to measure trackers by."""
        return self._stage.look()

    def start(self) -> None:
        """Paint the presenter; takes about two seconds."""
        if self._portrait is None:
            self._portrait = Portrait(self.width, self.height, self._stage.seed)

    def read(self) -> Picture:
        """Draw the next picture and move drawn time on.

        Raises:
            CameraLost: The camera was not started, or was stopped.
        """
        if self._portrait is None:
            raise CameraLost
        moment = self._stage.now
        picture = Picture(self._portrait.picture(self._stage.look()), moment)
        self._stage.pass_time()
        return picture

    def stop(self) -> None:
        """Put the painting away."""
        self._portrait = None


class DrawnMicrophone:
    """A microphone that hears the drawn presenter; see capture.devices.Microphone."""

    def __init__(self, stage: Stage) -> None:
        self.handle = DeviceHandle(
            "microphone", 0, "Synthetic voice (DEMO)", _EVIDENCE, Origin.DEMO
        )
        self.rate_hz = _RATE_HZ
        self._stage = stage
        self._listens = False

    def start(self) -> None:
        """Listen from now on."""
        if not self._listens:
            self._stage.forget()
        self._listens = True

    def read(self) -> Heard:
        """Return everything up to the drawn time.

        Raises:
            SoundLost: The microphone was not started, or was stopped.
        """
        if not self._listens:
            raise SoundLost
        return self._stage.heard()

    def stop(self) -> None:
        """Listen no more."""
        self._listens = False


class DrawnTeleprompter:
    """Shows prompts to the drawn presenter; see capture.devices.Teleprompter."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def show(self, prompt: Prompt) -> None:
        """Let the presenter read this, or listen when there is nothing to read.

        Raises:
            NoSpeechEngine: espeak-ng cannot be loaded.
        """
        self._stage.begin(prompt)

    def is_over(self) -> bool:
        """Whether it has been read, with a moment of silence after it."""
        return self._stage.is_over
