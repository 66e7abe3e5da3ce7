"""A small XTTS: its authors' own classes, chance weights, files as they publish them.

Whoever hears it hears noise. It is here for what surrounds it: files, loading, times.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE

from avatar_app.perform.coqui import open_coqui

MARKS = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[en]"]
SIZES = {
    "gpt_layers": 2,
    "gpt_n_model_channels": 64,
    "gpt_n_heads": 2,
    "gpt_max_audio_tokens": 100,
    "gpt_max_text_tokens": 200,
    "gpt_max_prompt_tokens": 40,
    "gpt_num_audio_tokens": 66,
    "gpt_start_audio_token": 64,
    "gpt_stop_audio_token": 65,
    "gpt_use_perceiver_resampler": True,
    "decoder_input_dim": 64,
}


def make_xtts(folder: Path) -> Path:
    """Write model.pth (92 MB), config.json and vocab.json."""
    xtts = open_coqui("xtts")
    letters = [*MARKS, *"abcdefghijklmnopqrstuvwxyz.,'?!-"]
    words = Tokenizer(BPE({c: i for i, c in enumerate(letters)}, [], unk_token="[UNK]"))
    words.add_special_tokens(MARKS)
    folder.mkdir(parents=True, exist_ok=True)
    words.save(str(folder / "vocab.json"))
    config = xtts.XttsConfig(model_args=xtts.XttsArgs(**SIZES), gpt_cond_len=6)
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    torch.manual_seed(0)
    network = xtts.Xtts(config)
    network.tokenizer = xtts.VoiceBpeTokenizer(str(folder / "vocab.json"))
    network.init_models()
    # Chance weights would say "stop" at any moment; these go on for a while.
    with torch.no_grad():
        network.gpt.mel_head.bias[65] = -2.0
    with xtts._legacy_safe_globals():  # names as in the published file
        torch.save(
            {"config": config, "model": network.state_dict()}, folder / "model.pth"
        )
    return folder
