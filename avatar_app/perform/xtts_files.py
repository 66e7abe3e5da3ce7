"""XTTS-v2's files: fetched or chosen by the person, looked through, and kept as ours.

Three belong together: the weights, what sizes their network has, and its vocabulary.
The speakers that are published with them are left where they are: nobody is spoken as
but the person.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatar_app.errors import EngineNotReady, WeightsUnfit
from avatar_app.perform.coqui import Network, build_xtts, load_xtts, open_coqui
from avatar_app.weights.checkpoints import (
    Wrapping,
    adopt_checkpoint,
    adopted,
    published,
)
from avatar_app.weights.fetching import (
    fetch_engine,
    need_acceptance,
    told,
    weights_folder,
)
from avatar_app.work import Job, Progress, share

NAME = "xtts"
_MODEL, _CONFIG, _VOCABULARY = "model.pth", "config.json", "vocab.json"
_WRAPPING = Wrapping(
    within="model",
    prefix="xtts.",
    left_out=frozenset(
        {"torch_mel_spectrogram_style_encoder", "torch_mel_spectrogram_dvae", "dvae"}
    ),
    # Its authors saved their configuration with it; it is told by config.json.
    ignored=(
        "TTS.tts.configs.xtts_config.XttsConfig",
        "TTS.tts.configs.xtts_config.XttsArgs",
        "TTS.tts.configs.xtts_config.XttsAudioConfig",
        "TTS.tts.models.xtts.XttsArgs",
        "TTS.tts.models.xtts.XttsAudioConfig",
        "TTS.config.shared_configs.BaseDatasetConfig",
    ),
)
_LARGEST_TEXT = 10_000_000  # bytes of config.json or vocab.json
_LARGEST_SIZE, _MOST_LAYERS = 100_000, 100  # of a network that we are ready to build
_TOKENS = ("[START]", "[STOP]", "[SPACE]", "[UNK]")


def get_xtts(folder: Path | None = None, file: Path | None = None) -> Job[str]:
    """Take in the weights: from a folder that the person has, or download them.

    Args:
        folder: Where ours lie.
        file: A folder with model.pth, config.json and vocab.json, or its model.pth.

    Returns:
        What was taken in, as the catalogue calls it.

    Raises:
        EngineNotReady: The licence has not been accepted, or coqui-tts is missing.
        WeightsUnfit, DownloadStopped, DownloadAltered, DiskFull, FolderRefused: As
            ``adopt_checkpoint`` and ``fetch_weights`` say.
    """
    folder = folder or weights_folder()
    need_acceptance(NAME, folder)
    is_ours = file is None
    if file is None:
        file = yield from share(fetch_engine(NAME, folder), 0.0, 0.95)
    yield Progress(0.95, 1.0, "Looking through the weights")
    place = file if file.is_dir() else file.parent
    known = _adopt(place, folder)
    if is_ours:
        with told(folder):
            for name in (_MODEL, _CONFIG, _VOCABULARY):
                (place / name).unlink()
            if not any(place.iterdir()):
                place.rmdir()
    return known


def need_xtts(folder: Path | None = None) -> None:
    """Go on only when its weights are there, whole and accepted.

    Raises:
        EngineNotReady: They are not.
    """
    adopted(NAME, folder or weights_folder())


@dataclass(frozen=True, slots=True, eq=False)
class Xtts:
    """The network with its weights.

    Attributes:
        network: Ready to speak, on the device where it is fastest.
        config: A ``TTS.tts.configs.xtts_config.XttsConfig``.
        sha256: Of the weights.
    """

    network: Network
    config: Any
    sha256: str


def load_adopted(folder: Path | None = None) -> Xtts:
    """Open the network with the weights that were taken in.

    Raises:
        EngineNotReady: They are missing, damaged or not accepted.
    """
    have = adopted(NAME, folder or weights_folder())
    try:
        config = _config(have.beside[_CONFIG].read_bytes())
        network = load_xtts(NAME, config, have.beside[_VOCABULARY], have.weights)
    except (RuntimeError, WeightsUnfit, KeyError) as error:
        raise EngineNotReady(NAME, "its weights are of another version") from error
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Xtts(network.to(device), config, have.sha256)


def _adopt(place: Path, folder: Path) -> str:
    """Look through the three files and keep them as ours."""
    config_text, vocabulary = (_small(place / n) for n in (_CONFIG, _VOCABULARY))
    config = _config(config_text)
    _need_vocabulary(vocabulary)
    try:
        network = build_xtts(NAME, config, place / _VOCABULARY)
        shapes = {n: tuple(v.shape) for n, v in network.state_dict().items()}
    except (RuntimeError, ValueError, TypeError, AssertionError, ArithmeticError) as no:
        raise WeightsUnfit(_CONFIG, "no network can be built as it says") from no
    beside = {_CONFIG: config_text, _VOCABULARY: vocabulary}
    return adopt_checkpoint(place / _MODEL, NAME, shapes, folder, _WRAPPING, beside)


def _small(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_TEXT:
            raise WeightsUnfit(path.name, "it is far too large")
        published(path, NAME)
        return path.read_bytes()
    except OSError as error:
        raise WeightsUnfit(path.name, "it is not there or cannot be read") from error


def _config(content: bytes) -> Any:
    """Read config.json; raises WeightsUnfit."""
    open_coqui(NAME)
    from TTS.tts.configs.xtts_config import XttsConfig

    try:
        written = json.loads(content)
        if written["model"] != NAME:
            raise WeightsUnfit(_CONFIG, f"it is of '{written['model']}'")
        config = XttsConfig()
        config.from_dict({name: written[name] for name in _READ if name in written})
        sizes = config.model_args.to_dict()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WeightsUnfit(_CONFIG, "it is damaged, or no configuration") from error
    numbers = [v for v in sizes.values() if isinstance(v, int)]
    if (
        not all(0 <= number <= 2 * _LARGEST_SIZE for number in numbers)
        or sizes["gpt_layers"] > _MOST_LAYERS
        or not config.model_args.gpt_use_perceiver_resampler
    ):
        raise WeightsUnfit(_CONFIG, "its network is not XTTS-v2's")
    return config


# Of config.json nothing else is read: there are paths in it, and what trained it.
_READ = ("model_args", "audio", "languages", "temperature", "length_penalty",
         "repetition_penalty", "top_k", "top_p", "gpt_cond_len", "gpt_cond_chunk_len",
         "max_ref_len")  # fmt: skip


def _need_vocabulary(content: bytes) -> None:
    try:
        written = json.loads(content)
        known = set(written["model"]["vocab"])
        known |= {token["content"] for token in written["added_tokens"]}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        why = "it is damaged, or no vocabulary"
        raise WeightsUnfit(_VOCABULARY, why) from error
    for token in _TOKENS:
        if token not in known:
            raise WeightsUnfit(_VOCABULARY, f"it lacks {token}")
