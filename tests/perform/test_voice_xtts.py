"""The second voice: its files, its loading, and speech on our clock, all offline."""

from __future__ import annotations

import builtins
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE

from avatar_app.capture.take import Origin
from avatar_app.errors import (
    EmptyText,
    EngineNotReady,
    LanguageUnspoken,
    TooLittleSpeech,
    UnknownSound,
    Unspeakable,
    WeightsUnfit,
)
from avatar_app.fit.avatar import VOICE, Avatar, Card
from avatar_app.fit.voice.hearing import spoken_level_db
from avatar_app.fit.voice.material import LEVEL_DB
from avatar_app.fit.voice.parcel import unpack
from avatar_app.fit.voice.personal import keep_voice
from avatar_app.lesson.delivery import Delivery
from avatar_app.lesson.glossary import read_glossary
from avatar_app.perform.coqui import build_xtts, open_coqui
from avatar_app.perform.speech import Speech
from avatar_app.perform.uttering import spoken_words
from avatar_app.perform.voice_xtts import XttsVoice, language_in, open_xtts
from avatar_app.perform.voicing import OWN, XTTS, need_voice, voice_for
from avatar_app.perform.xtts_files import NAME, get_xtts
from avatar_app.perform.xtts_hearing import LATENTS, best_readings
from avatar_app.phonetics import phones_of
from avatar_app.weights.catalogue import fetchable
from avatar_app.weights.checkpoints import YOURS
from avatar_app.weights.fetching import accept_licence, licence_of
from avatar_app.work import carry_out
from tests.fakes.made_up_speaker import fitted
from tests.fakes.made_xtts import make_xtts
from tests.fakes.shelf import OpenShelf

pytestmark = pytest.mark.slow
TEXT = "Put the kettle on, please."


def avatar_on(shelf: OpenShelf) -> Avatar:
    """Give the made-up speaker's avatar, as far as a voice needs one."""
    keep_voice(fitted().voice, shelf, VOICE)
    card = Card("Nobody", Origin.DEMO.value, "", 640, 360, 25.0, "", 30.0, 1.0)
    return Avatar(shelf, card).keep()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything was done with sockets and the terminal blocked.

    Attributes:
        theirs: The folder that was chosen.
        ours: Where it was taken in.
        known: What it was taken for.
        shelf: Of the avatar.
        voice: The avatar's.
        speech: Of TEXT.
    """

    theirs: Path
    ours: Path
    known: str
    shelf: OpenShelf
    avatar: Avatar
    voice: XttsVoice
    speech: Speech


@pytest.fixture(scope="module", autouse=True)
def alone() -> Iterator[list[str]]:
    """Block the network and the terminal's questions for all of these tests."""
    asked: list[str] = []

    def refuse(*what: object, **_: object) -> None:
        asked.append(str(what))
        raise AssertionError(f"asked for {what}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setattr(builtins, "input", refuse)
        yield asked


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, alone: list[str]) -> Scene:
    """Take a small XTTS in by the way every person has to go, and let it speak."""
    theirs = make_xtts(tmp_path_factory.mktemp("theirs"))
    ours = tmp_path_factory.mktemp("ours")
    accept_licence(licence_of(NAME), ours)
    known = carry_out(get_xtts(ours, theirs))
    shelf = OpenShelf()
    avatar = avatar_on(shelf)
    voice = open_xtts(avatar, ours)
    return Scene(theirs, ours, known, shelf, avatar, voice, voice.say(TEXT))


@pytest.fixture
def copy(scene: Scene, tmp_path: Path) -> Path:
    """Give a copy of their folder to spoil; the weights are linked, not copied."""
    place = tmp_path / "copy"
    shutil.copytree(scene.theirs, place, copy_function=os.link)
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder in which the licence is accepted."""
    accept_licence(licence_of(NAME), tmp_path / "ours")
    return tmp_path / "ours"


def test_the_three_published_files_are_fetched_under_their_terms() -> None:
    """Nobody else's voice is among them; every one says that it is non-commercial."""
    entries = [entry for entry in fetchable().values() if entry.engine == NAME]

    assert sorted(Path(entry.file).name for entry in entries) == [
        "config.json",
        "model.pth",
        "vocab.json",
    ]
    assert sum(entry.size for entry in entries) == 1_868_294_705
    assert len({entry.url.rsplit("/", 1)[0] for entry in entries}) == 1
    for entry in entries:
        assert "non-commercial" in entry.licence
        terms = entry.licence_text.replace("\n", " ")
        assert "any form of commercial use is excluded" in terms
        assert "for every film made with this voice" in terms


def test_the_published_sizes_give_the_published_length(tmp_path: Path) -> None:
    """963 tensors of 4 bytes a number, and 340 bytes round each, are 1,867.9 MB."""
    open_coqui(NAME)
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig

    marks = ("[STOP]", "[UNK]", "[SPACE]", "[START]")
    known = {
        **{f"t{i}": i for i in range(4, 6681)},
        **{m: i for i, m in enumerate(marks)},
    }
    Tokenizer(BPE(known, [], unk_token="[UNK]")).save(str(tmp_path / "vocab.json"))
    sizes = XttsArgs(
        gpt_num_audio_tokens=1026,
        gpt_start_audio_token=1024,
        gpt_stop_audio_token=1025,
        gpt_use_perceiver_resampler=True,
    )
    network = build_xtts(NAME, XttsConfig(model_args=sizes), tmp_path / "vocab.json")
    tensors = network.state_dict().values()
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    assert len(tensors) == 963
    assert (licence_of(NAME).size - total) / len(tensors) == pytest.approx(340, abs=60)


def test_it_speaks_offline_on_our_clock(scene: Scene, alone: list[str]) -> None:
    """Words in order, phonemes without a gap, our level, and nobody was asked."""
    speech = scene.speech
    sound = speech.sound

    assert scene.known == YOURS
    assert alone == []
    assert "TTS.api" not in sys.modules
    assert [word.text for word in speech.words] == TEXT.split()
    edges = [edge for word in speech.words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert [p.symbol for p in speech.phones if p.symbol] == [
        p.symbol for p in phones_of(TEXT)
    ]
    for before, after in zip(speech.phones[:-1], speech.phones[1:], strict=True):
        assert before.end == after.start
    assert speech.phones[0].start == 0
    assert speech.phones[-1].end == pytest.approx(sound.seconds, abs=1e-6)
    assert sound.rate_hz == 24000
    assert np.abs(sound.samples).max() <= 0.99
    assert spoken_level_db(sound) == pytest.approx(LEVEL_DB, abs=1.5)


def test_what_it_plays_is_its_own_networks(scene: Scene) -> None:
    """The weights that were saved, not others: coqui's own loader says the same."""
    xtts = open_coqui(NAME)
    config = xtts.XttsConfig()
    config.load_json(str(scene.theirs / "config.json"))
    place = scene.ours.parent / "again"
    shutil.copytree(scene.theirs, place, dirs_exist_ok=True)
    theirs = xtts.Xtts(config)
    theirs.load_checkpoint(config, checkpoint_dir=str(place))
    mine = scene.voice.network.state_dict()
    wanted = theirs.state_dict()

    assert set(mine) == set(wanted)
    assert all(torch.equal(mine[name].cpu(), wanted[name]) for name in wanted)


def test_the_same_words_sound_the_same(scene: Scene) -> None:
    """Again, and by another opening; what was heard of the person is not heard anew."""
    again = open_xtts(scene.avatar, scene.ours)

    assert np.array_equal(again.say(TEXT).sound.samples, scene.speech.sound.samples)
    assert scene.shelf.written.count(LATENTS) == 1


def test_only_the_persons_best_readings_are_heard() -> None:
    """Noise and cut-off peaks come last or not at all; half a minute is enough."""
    material = fitted().voice.material
    begin, end = (int(edge) * 120 for edge in material.readings[:2])
    spoiled = material.samples.copy()
    spoiled[begin + 3000] = 32767
    other = type(material)(**{**material.arrays(), "samples": spoiled})
    whole, without = best_readings(material), best_readings(other)
    first = material.samples[begin:end].astype(np.float32) / 32767

    assert sum(sound.seconds for sound in whole) < 34
    assert any(np.array_equal(sound.samples, first) for sound in whole)
    assert not any(
        np.array_equal(sound.samples[:100], first[:100]) for sound in without
    )
    silent = {**material.arrays(), "samples": np.full_like(spoiled, 32767)}
    with pytest.raises(TooLittleSpeech):
        best_readings(type(material)(**silent))


def test_other_readings_are_heard_anew(scene: Scene) -> None:
    """A torn note, or an avatar that was built again."""
    shelf = OpenShelf()
    shelf.kept.update(scene.shelf.kept)
    whole, _ = unpack(shelf.kept[LATENTS], LATENTS)
    shelf.tear(LATENTS)
    avatar = Avatar(shelf, scene.avatar.card)
    open_xtts(avatar, scene.ours)

    again, _ = unpack(shelf.kept[LATENTS], LATENTS)
    assert set(again) == set(whole) == {"manner", "timbre"}
    assert all(np.array_equal(again[name], whole[name]) for name in whole)


def test_only_an_opened_avatar_is_given_a_voice(scene: Scene) -> None:
    """A path, which could be anybody's recording, is not taken."""
    with pytest.raises(TypeError, match="only an opened avatar"):
        open_xtts(scene.theirs / "somebody.wav", scene.ours)  # type: ignore[arg-type]


def test_numbers_and_own_words_are_read_as_everywhere(scene: Scene) -> None:
    """Words are the written ones; IPA is put into letters; what has none is refused."""
    own = spoken_words(
        read_glossary("nginx = engine ex\nSiobhan = /ʃɪˈvɔːn/\nLoch = /lɒx/"), "en-us"
    )
    said = scene.voice.say("Siobhan has 12 nginx.", glossary=own)

    assert [word.text for word in said.words] == ["Siobhan", "has", "12", "nginx."]
    assert "".join(p.symbol for p in said.phones).startswith("ʃɪvɔːn")
    with pytest.raises(UnknownSound, match="lɑːx"):
        scene.voice.say("The Loch.", glossary=own)


def test_delivery_is_done_to_what_was_said(scene: Scene) -> None:
    """A pause, a louder and a slower word; times stay on the clock."""
    asked = tuple(
        Delivery(pause_before=0.8 if n == 4 else 0, rate=0.5 if n == 2 else 1)
        for n in range(5)
    )
    usual, other = scene.speech, scene.voice.say(TEXT, asked)
    gap = other.words[4].start - other.words[3].end
    was = usual.words[4].start - usual.words[3].end
    slow, quick = other.words[2], usual.words[2]

    assert gap == pytest.approx(was + 0.8, abs=0.02)
    assert slow.end - slow.start == pytest.approx(
        2 * (quick.end - quick.start), rel=0.1
    )
    assert other.phones[-1].end == pytest.approx(other.sound.seconds, abs=1e-6)
    assert other.words[1] == usual.words[1]


def test_what_is_too_long_is_said_in_parts(scene: Scene) -> None:
    """Every word of a sentence of 400 characters, once and in order."""
    text = ", ".join(["one bird sang in the old garden"] * 12) + "."
    said = scene.voice.say(text)

    assert [word.text for word in said.words] == text.split()
    starts = [word.start for word in said.words]
    assert starts == sorted(starts)
    assert said.phones[-1].end == pytest.approx(said.sound.seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("", EmptyText), ("Well 😀", Unspeakable), ("a" * 700, Unspeakable)],
)
def test_what_cannot_be_said_is_told(
    scene: Scene, text: str, kind: type[Exception]
) -> None:
    """Nothing to say, a picture, and a word without an end."""
    with pytest.raises(kind):
        scene.voice.say(text)


def test_a_language_it_does_not_have_is_told(scene: Scene) -> None:
    """espeak-ng's Chinese is its zh-cn; Welsh it has not."""
    assert language_in("es-419", scene.voice.languages) == "es"
    assert language_in("cmn", scene.voice.languages) == "zh-cn"
    with pytest.raises(LanguageUnspoken, match="does not speak 'cy'"):
        language_in("cy", scene.voice.languages)


def test_what_is_missing_is_said_before_anything_long_begins(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No weights, torn ones, a licence nobody accepted, an engine nobody knows."""
    place = tmp_path / "weights"
    monkeypatch.setattr("avatar_app.perform.xtts_files.weights_folder", lambda: place)
    need_voice(OWN)
    with pytest.raises(EngineNotReady, match="no engine of this name"):
        need_voice("xtss")
    with pytest.raises(EngineNotReady, match="its weights are not here") as missing:
        need_voice(XTTS)
    shutil.copytree(scene.ours, place, copy_function=os.link)
    need_voice(XTTS)
    for name in ("xtts.vocab.json", "xtts.config.json", "xtts.safetensors"):
        whole = (place / name).rename(tmp_path / "whole")
        with pytest.raises(EngineNotReady):
            need_voice(XTTS)
        (place / name).write_bytes(b"{}")
        with pytest.raises(EngineNotReady, match="damaged"):
            voice_for(XTTS, scene.avatar)
        whole.rename(place / name)
    (place / "accepted.json").unlink()
    with pytest.raises(EngineNotReady, match="licence has not been accepted"):
        need_voice(XTTS)

    assert missing.value.remedy.startswith("Run 'avatar-app weights xtts'")


def rewritten(
    name: str, change: Callable[[dict[str, Any]], object]
) -> Callable[[Path], None]:
    """Change a JSON file of a folder."""

    def spoil(place: Path) -> None:
        content = json.loads((place / name).read_text())
        change(content)
        (place / name).unlink()
        (place / name).write_text(json.dumps(content))

    return spoil


def cut(name: str) -> Callable[[Path], None]:
    """Leave the first half of a file."""

    def spoil(place: Path) -> None:
        content = (place / name).read_bytes()
        (place / name).unlink()
        (place / name).write_bytes(content[: len(content) // 2])

    return spoil


class Canary:
    """Creates a file when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.mkdir, (str(self.place), 0o700)


def code(place: Path) -> None:
    """Put something that runs where the configuration lies."""
    (place / "model.pth").unlink()
    torch.save({"config": Canary(place / "ran"), "model": {}}, place / "model.pth")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (cut("model.pth"), "'model.pth' cannot be used: it is damaged"),
        (cut("config.json"), "'config.json' cannot be used: it is damaged"),
        (cut("vocab.json"), "'vocab.json' cannot be used: it is damaged"),
        (lambda place: (place / "vocab.json").unlink(), "'vocab.json'.*not there"),
        (lambda place: (place / "model.pth").unlink(), "'model.pth'.*not there"),
        (rewritten("config.json", lambda c: c.update(model="vits")), "it is of 'vits'"),
        (
            rewritten(
                "config.json", lambda c: c["model_args"].update(gpt_layers=10**6)
            ),
            "not XTTS-v2's",
        ),
        (
            rewritten("config.json", lambda c: c["model_args"].update(gpt_layers=3)),
            "'model.pth' cannot be used: it lacks",
        ),
        (
            rewritten("config.json", lambda c: c["model_args"].update(gpt_n_heads=7)),
            "no network can be built",
        ),
        (
            rewritten(
                "vocab.json",
                lambda v: v.update(
                    added_tokens=v["added_tokens"][2:], model={"vocab": {"a": 0}}
                ),
            ),
            r"'vocab.json' cannot be used: it lacks \[STOP\]",
        ),
        (code, "might run code"),
    ],
)
def test_what_does_not_fit_is_told(
    copy: Path, folder: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    """One sentence that names the file; nothing is taken in and nothing is run."""
    spoil(copy)
    with pytest.raises(WeightsUnfit, match=sentence):
        carry_out(get_xtts(folder, copy))

    assert [place.name for place in folder.iterdir()] == ["accepted.json"]
    assert not (copy / "ran").exists()


def test_nothing_is_taken_in_unaccepted(scene: Scene, tmp_path: Path) -> None:
    """The licence first, for a folder that is here already, too."""
    with pytest.raises(EngineNotReady, match="licence has not been accepted"):
        carry_out(get_xtts(tmp_path, scene.theirs))

    assert not list(tmp_path.iterdir())
