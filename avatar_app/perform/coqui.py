"""Coqui: the one place where coqui-tts comes in, and what it needs before that.

Only its networks are used. What would look for models in the network, and ask for
terms on the terminal (``TTS.api``, ``TTS.utils.manage``), is never called.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from avatar_app.errors import EngineNotReady

_EXTENSION = "torchaudio._extension"

Network = Any  # TTS.tts.models.xtts.Xtts, which has no types


@functools.lru_cache(1)
def open_coqui(engine: str) -> ModuleType:
    """Import coqui-tts' XTTS.

    Raises:
        EngineNotReady: It is not installed, or not whole.
    """
    try:
        _open_torchaudio()
        from transformers.utils.logging import set_verbosity_error

        set_verbosity_error()  # type: ignore[no-untyped-call] # it doubts the tokens of every XTTS there is
        from TTS.tts.models import xtts
    except (ImportError, OSError) as error:
        raise EngineNotReady(engine, f"coqui-tts cannot be loaded, {error}") from error
    return cast(ModuleType, xtts)


def _open_torchaudio() -> None:
    """Import torchaudio, if need be without its compiled part.

    Its wheel for Linux wants CUDA's libraries, which a torch for CPUs does not bring.
    Nothing of what is compiled in it is used here.
    """
    try:
        import torchaudio
    except (ImportError, OSError):
        for name in [n for n in sys.modules if n.split(".")[0] == "torchaudio"]:
            del sys.modules[name]
        sys.modules[_EXTENSION] = _stand_in()
        import torchaudio  # noqa: F401


def _stand_in() -> ModuleType:
    module = ModuleType(_EXTENSION)

    def missing(function: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(*_: object, **__: object) -> None:
            raise RuntimeError(f"{function.__name__} is in torchaudio's compiled part")

        return refuse

    for name, value in (
        ("_IS_TORCHAUDIO_EXT_AVAILABLE", False),
        ("_IS_ALIGN_AVAILABLE", False),
        ("fail_if_no_align", missing),
    ):
        setattr(module, name, value)
    return module


def build_xtts(engine: str, config: Any, vocabulary: Path) -> Network:
    """Build the network, its large part without room for weights yet.

    Args:
        engine: For the sentence, should coqui-tts be missing.
        config: A ``TTS.tts.configs.xtts_config.XttsConfig``.
        vocabulary: vocab.json.
    """
    network = _made(open_coqui(engine), config)
    network.tokenizer = open_coqui(engine).VoiceBpeTokenizer(str(vocabulary))
    with _Unfilled(open_coqui(engine)):
        network.init_models()
    return network


def load_xtts(engine: str, config: Any, vocabulary: Path, weights: Path) -> Network:
    """Build the network and let coqui-tts' own loader fill it, from safetensors.

    Raises:
        RuntimeError: The weights are those of another network.
    """
    xtts = open_coqui(engine)
    network = _made(xtts, config)
    with _Unfilled(xtts):
        network.load_checkpoint(
            config, checkpoint_path=str(weights), vocab_path=str(vocabulary)
        )
    return network.requires_grad_(requires_grad=False)


def _made(xtts: ModuleType, config: Any) -> Network:
    from safetensors.torch import load_file

    class FromSafetensors(xtts.Xtts):  # type: ignore[misc, name-defined]
        """Reads weights that were looked through, not a pickle."""

        def get_compatible_checkpoint_state_dict(self, model_path: Path) -> Any:
            return load_file(model_path)

        def load_state_dict(self, state: Any, strict: bool = True) -> Any:
            return super().load_state_dict(state, strict=strict, assign=True)

    with _Unfilled(xtts):
        return FromSafetensors(config)


class _Unfilled:
    """Inside it, the language model (1.8 of 1.9 GB) takes no room and no time."""

    def __init__(self, xtts: ModuleType) -> None:
        self._xtts = xtts

    def __enter__(self) -> None:
        import torch

        self._theirs = theirs = self._xtts.GPT

        def unfilled(**sizes: Any) -> Any:
            with torch.device("meta"):
                return theirs(**sizes)

        self._xtts.GPT = unfilled  # type: ignore[attr-defined]

    def __exit__(self, *_: object) -> None:
        self._xtts.GPT = self._theirs  # type: ignore[attr-defined]
