"""Who draws: the decoder where there is a GPU that takes it, else the basis."""

from __future__ import annotations

import dataclasses
import functools
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from avatar_app.errors import EngineNotReady, FileTorn
from avatar_app.fit.avatar import Avatar, Card
from avatar_app.fit.face import decoding
from avatar_app.fit.face.decoding import (
    DECODER,
    NO_GOOD,
    Decoder,
    Drawing,
    fingerprint,
    keep_decoder,
    reopen_decoder,
)
from avatar_app.fit.face.personal import PersonalFace
from avatar_app.perform.motion import MouthMotion
from avatar_app.perform.performance import Passage
from avatar_app.render import drawing
from avatar_app.render.drawing import Ground, drawer_for
from tests.fakes.shelf import OpenShelf
from tests.fit.test_decoder import (
    PARTS,
    Floats,
    made_face,
    mouths_in,
    rows_of,
    sizes,
    trained,
)

CARD = Card("Ada", "camera", "", 640, 360, 25.0, "", 60.0, 1.0)
COUNT = 5


@functools.lru_cache(1)
def kept() -> Avatar:
    """An avatar of the painted face with a decoder beside it."""
    shelf = OpenShelf()
    weights = {k: v.half() for k, v in trained(4).state_dict().items()}
    keep_decoder(Decoder(sizes(4), weights, fingerprint(made_face())), shelf)
    return Avatar(shelf, CARD)


def lit_face() -> PersonalFace:
    """The painted face, which draws by its basis and is seen in its usual light."""
    face = made_face()

    def by_basis(rows: Floats, _: object, setting: Floats) -> Floats:
        return face.basis.draw(rows[:, :PARTS] + setting)

    plain = {f.name: getattr(face, f.name) for f in dataclasses.fields(face)}
    plain["lighting"] = SimpleNamespace(cast=lambda drawn, _: drawn)
    whole = SimpleNamespace(**plain, draw=by_basis, native=(), setting=face.setting)
    return cast(PersonalFace, whole)


def motion() -> MouthMotion:
    """Some mouths."""
    rows = rows_of(made_face(), mouths_in(COUNT, 3))
    return MouthMotion(rows, np.zeros(COUNT, np.int32))


def ground() -> Ground:
    """Pictures of a head that holds still."""
    still = np.zeros((COUNT, PARTS), np.float32)
    return Ground((), np.zeros((COUNT, 2, 3)), np.zeros((COUNT, 3), "f4"), still)


def drawn_on(
    monkeypatch: pytest.MonkeyPatch, device: str | None, avatar: Avatar
) -> tuple[Floats, str]:
    """Pictures drawn where this is the GPU, and what the report says of them."""
    monkeypatch.setattr(decoding, "best_device", lambda: device)
    drawer = drawer_for("own", avatar, lit_face())
    drawer.begin(cast(Passage, None), motion())
    drawn = drawer.draw(slice(0, COUNT), ground())
    assert len(drawer.lend(slice(0, COUNT))) == COUNT
    return drawn, drawer.note()


def by_basis() -> Floats:
    """The same pictures without a decoder."""
    face = made_face()
    return face.basis.draw(motion().rows[:, :PARTS])


def by_decoder() -> Floats:
    """The same pictures with it."""
    decoder = reopen_decoder(kept().shelf, made_face())
    assert decoder is not None
    return Drawing(made_face(), decoder, "cpu").draw(motion().rows, ground().setting)


def test_the_decoder_draws_where_a_device_takes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A film there is drawn by it, and its report says so."""
    drawn, note = drawn_on(monkeypatch, "cpu", kept())

    assert drawn == pytest.approx(by_decoder(), abs=1e-3)
    assert np.abs(drawn - by_basis()).max() > 0.5
    assert "larger decoder drew" in note


@pytest.mark.parametrize(
    ("device", "said"), [(None, "there is none here"), ("cuda:99", "gave up")]
)
def test_the_basis_draws_without_a_device(
    monkeypatch: pytest.MonkeyPatch, device: str | None, said: str
) -> None:
    """No GPU, or one that gives up at the trial: as without, and the report says so."""
    drawn, note = drawn_on(monkeypatch, device, kept())

    assert drawn == pytest.approx(by_basis(), abs=1e-3)
    assert said in note


def test_the_basis_draws_on_where_a_device_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the middle of a film: nothing of it is lost, nothing is tried again."""
    monkeypatch.setattr(decoding, "best_device", lambda: "cpu")
    drawer = drawer_for("own", kept(), lit_face())
    drawer.begin(cast(Passage, None), motion())
    tries = []

    def gone(*_: object) -> Floats:
        tries.append(1)
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(Drawing, "draw", gone)
    for _ in range(3):
        drawn = drawer.draw(slice(0, COUNT), ground())
        assert drawn == pytest.approx(by_basis(), abs=1e-3)

    assert len(tries) == 1
    assert "gave up" in drawer.note()


def test_without_a_decoder_the_basis_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual case, and a face stored before there were decoders."""
    older = Avatar(OpenShelf(), CARD)
    no_better = Avatar(OpenShelf(), dataclasses.replace(CARD, drawn_by=NO_GOOD))
    drawn, note = drawn_on(monkeypatch, "cpu", older)

    assert drawn == pytest.approx(by_basis(), abs=1e-3)
    assert note == ""
    assert drawn_on(monkeypatch, "cpu", no_better)[1] == NO_GOOD
    with pytest.raises(EngineNotReady, match="no engine of this name"):
        drawer_for("other", older, made_face())


def test_a_torn_decoder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged avatar is never drawn as if it were whole."""
    shelf = OpenShelf()
    shelf.kept.update(cast(OpenShelf, kept().shelf).kept)
    shelf.tear(DECODER)

    with pytest.raises(FileTorn):
        drawn_on(monkeypatch, "cpu", Avatar(shelf, CARD))


def test_the_names_agree() -> None:
    """The decoder's shelf name stands twice, as its own module is heavy."""
    assert drawing._DECODER == decoding.DECODER
