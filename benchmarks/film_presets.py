"""What an encoded frame costs in CPU time, for each x264 preset and quality.

Run: python -m benchmarks.film_presets CLIP [CLIP ...] [--frames 75] [--heights 720]

Every clip is cropped to 16:9 round its upper middle, scaled, and given the noise of
a small camera sensor (sigma 1.5 levels, new in every frame). Printed are milliseconds
of CPU a frame (all threads together), luma PSNR against what went in, against the
picture before the noise, and there in the twentieth that moves most; kilobits a second.
The last line of each block is what avatar_app/render/export.py uses.
"""

from __future__ import annotations

import argparse
import io
import itertools
import time
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from avatar_app.render.export import ENCODING_THREADS, X264, rate_factor

SIZES = ((640, 360), (1280, 720), (1920, 1080))


def main() -> None:
    """Print one line per size, preset and quality."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("clips", nargs="+", type=Path)
    asked.add_argument("--frames", type=int, default=75)
    asked.add_argument("--threads", type=int, default=ENCODING_THREADS)
    asked.add_argument("--crf", nargs="+", type=int, default=[20, 23])
    asked.add_argument(
        "--presets",
        nargs="*",
        default=["ultrafast", "superfast", "veryfast", "faster"],
    )
    asked.add_argument("--heights", nargs="+", type=int, default=[360, 720, 1080])
    wish = asked.parse_args()
    tried = [
        {"preset": preset, "crf": str(crf)}
        for preset, crf in itertools.product(wish.presets, wish.crf)
    ]
    for clip, (width, height) in itertools.product(wish.clips, SIZES):
        if height not in wish.heights:
            continue
        clean, noisy = _material(clip, width, height, wish.frames)
        moving = _moving(clean, height)
        print(f"{clip.name} {width}x{height}, {wish.frames} frames")
        chosen = X264 | {"crf": str(rate_factor(height))}
        for options in [*tried, chosen]:
            cost_ms, kbit, film = _encode(noisy, width, height, options, wish.threads)
            seen = _lumas(film)
            name = "chosen" if options is chosen else options["preset"]
            print(
                f"  {name:9} crf {options['crf']}: {cost_ms:6.2f} ms/frame  PSNR to"
                f" input {_psnr(seen, noisy, height):5.2f} dB,"
                f" to clean {_psnr(seen, clean, height):5.2f},"
                f" where it moves {_psnr(seen, clean, height, moving):5.2f}"
                f"  {kbit:6.0f} kbit/s",
                flush=True,
            )


def _moving(clean: list[NDArray[np.uint8]], height: int) -> NDArray[np.bool_]:
    """Pick the twentieth of the picture that changes most: the mouth, the eyes."""
    change = np.std([page[:height].astype(np.float32) for page in clean], axis=0)
    most: NDArray[np.bool_] = change >= np.quantile(change, 0.95)
    return most


def _material(
    clip: Path, width: int, height: int, frames: int
) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]]:
    """Return planes before and after the noise."""
    rng = np.random.default_rng(1)
    clean, noisy = [], []
    with av.open(str(clip)) as box:
        for frame in itertools.islice(box.decode(video=0), frames):
            rgb = frame.to_ndarray(format="rgb24")
            tall, wide = rgb.shape[:2]
            crop_h = min(tall, round(wide * 9 / 16))
            crop_w = min(wide, round(crop_h * 16 / 9))
            top, left = (tall - crop_h) // 4, (wide - crop_w) // 2
            cut = np.ascontiguousarray(rgb[top : top + crop_h, left : left + crop_w])
            planes = (
                av.VideoFrame.from_ndarray(cut, format="rgb24")
                .reformat(width, height, "yuv420p", interpolation="BICUBIC")
                .to_ndarray()
                .astype(np.uint8, copy=False)
            )
            grain = rng.normal(0, 1.5, planes.shape).astype(np.float32)
            clean.append(planes)
            noisy.append(np.clip(np.rint(planes + grain), 0, 255).astype(np.uint8))
    return clean, noisy


def _encode(
    planes: list[NDArray[np.uint8]],
    width: int,
    height: int,
    options: dict[str, str],
    threads: int,
) -> tuple[float, float, io.BytesIO]:
    film = io.BytesIO()
    with av.open(film, "w", format="mp4") as box:
        stream = box.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = threads
        began = time.process_time()
        for page in planes:
            box.mux(stream.encode(av.VideoFrame.from_ndarray(page, format="yuv420p")))
        box.mux(stream.encode(None))
        cost_ms = 1000 * (time.process_time() - began) / len(planes)
    kbit = film.getbuffer().nbytes * 8 / 1000 / (len(planes) / 25)
    film.seek(0)
    return cost_ms, kbit, film


def _lumas(film: io.BytesIO) -> list[NDArray[np.uint8]]:
    with av.open(film, "r") as box:
        return [
            frame.to_ndarray().astype(np.uint8, copy=False)
            for frame in box.decode(video=0)
        ]


def _psnr(
    seen: list[NDArray[np.uint8]],
    wanted: list[NDArray[np.uint8]],
    height: int,
    where: NDArray[np.bool_] | None = None,
) -> float:
    inside = np.ones(1, bool) if where is None else where
    errors = [
        np.mean(
            (a[:height].astype(np.float32) - b[:height]) ** 2,
            where=np.broadcast_to(inside, a[:height].shape),
        )
        for a, b in zip(seen, wanted, strict=True)
    ]
    return float(10 * np.log10(255**2 / np.mean(errors)))


if __name__ == "__main__":
    main()
