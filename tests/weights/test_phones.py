"""The phone encoder hears what is said, in voices it was not trained on."""

from __future__ import annotations

import numpy as np
import pytest

from avatar_app.media import Sound
from avatar_app.phonetics import speak
from avatar_app.weights.phones import PhoneEncoder, open_phone_encoder
from avatar_app.weights.sounds import GESTURES, SOUNDS
from avatar_app.weights.spoken import sounds_at, spans_of

TEXT = "We made big plans for my father's new shop, but nobody came to visit."


@pytest.fixture(scope="module")
def encoder() -> PhoneEncoder:
    """Open the shipped one."""
    return open_phone_encoder()


@pytest.mark.parametrize(
    ("samples", "rate_hz", "frames"),
    [(0, 16000, 0), (100, 16000, 0), (16000, 16000, 50), (22051, 22050, 50),
     (47000, 44100, 53), (8000 * 130, 8000, 6500)],
)  # fmt: skip
def test_frames_follow_the_clock(
    encoder: PhoneEncoder, samples: int, rate_hz: int, frames: int
) -> None:
    """T is seconds times rate, rounded, whatever the sound's own rate and length."""
    hearing = encoder.hear(Sound(np.zeros(samples, np.float32), rate_hz))

    assert hearing.rate_hz == 50
    assert hearing.posteriors.shape == (frames, len(SOUNDS))
    assert hearing.bottleneck.shape == (frames, 64)
    assert hearing.gestures.shape == (frames, len(GESTURES))
    assert np.allclose(hearing.posteriors.sum(1), 1, atol=1e-4)


def test_a_long_sound_is_heard_as_a_whole(encoder: PhoneEncoder) -> None:
    """Blocks leave no seam: a sound of more than a block equals itself repeated."""
    sound, _, _ = speak(TEXT, "en-us")
    once = sound.at(16000).samples[: 16000 * 4]
    times = 20
    hearing = encoder.hear(Sound(np.tile(once, times), 16000))
    middle = hearing.bottleneck.reshape(times, 200, -1)[4:-4]

    assert np.abs(middle - middle[0]).max() < 0.01


@pytest.mark.parametrize("level", [0.0, 1e-4, 1e-3])
def test_silence_is_silence(encoder: PhoneEncoder, level: float) -> None:
    """Nothing, or a quiet room's noise, is not taken for speech."""
    noise = np.random.default_rng(3).standard_normal(32000) * level
    hearing = encoder.hear(Sound(noise.astype(np.float32), 16000))

    assert np.mean(hearing.posteriors.argmax(1) == 0) > 0.95


@pytest.mark.parametrize("variant", ["f2", "m3", "linda", "klatt4"])
def test_an_unseen_voice_is_understood(encoder: PhoneEncoder, variant: str) -> None:
    """Frames named right against espeak-ng's own times; the commonest sound has 0.1."""
    sound, phones, _ = speak(TEXT, f"en-us+{variant}")
    heard = encoder.hear(sound).posteriors.argmax(1)
    truth = sounds_at(spans_of(phones, sound), (np.arange(len(heard)) + 0.5) / 50)

    assert np.mean((heard == truth)[truth >= 0]) > 0.75


def test_level_and_rate_do_not_matter(encoder: PhoneEncoder) -> None:
    """A quiet recording at another rate is heard as the loud one."""
    sound, _, _ = speak(TEXT, "en-us+m3")
    loud = encoder.hear(sound)
    quiet = encoder.hear(Sound(sound.samples * np.float32(0.05), sound.rate_hz))
    other = encoder.hear(sound.at(48000))

    assert np.abs(loud.gestures - quiet.gestures).mean() < 0.03
    assert np.abs(loud.gestures - other.gestures).mean() < 0.01


def test_lips_close_when_they_should(encoder: PhoneEncoder) -> None:
    """Closure is told high in espeak-ng's p, b and m, and low elsewhere."""
    sound, phones, _ = speak(TEXT, "en-us+f2")
    closure = encoder.hear(sound).gestures[:, GESTURES.index("closure")]
    truth = sounds_at(spans_of(phones, sound), (np.arange(len(closure)) + 0.5) / 50)
    closed = np.isin(truth, [SOUNDS.index(name) for name in "pbm"])

    assert closure[closed].mean() > 0.5
    assert closure[~closed & (truth > 0)].mean() < 0.2
