"""Tiny files of many kinds of media, as the start of every mutation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np


@dataclass(frozen=True)
class Kind:
    """A file's ending, FFmpeg's container, encoder and pixel format."""

    ending: str
    container: str
    encoder: str
    pixels: str = "yuv420p"
    size: tuple[int, int] = (64, 48)
    rate: int = 25


VIDEOS = {
    "mp4-h264": Kind(".mp4", "mp4", "libx264"),
    "mp4-hevc": Kind(".mp4", "mp4", "libx265"),
    "mp4-av1": Kind(".mp4", "mp4", "libsvtav1"),
    "mkv-h264": Kind(".mkv", "matroska", "libx264"),
    "webm-vp9": Kind(".webm", "webm", "libvpx-vp9"),
    "webm-vp8": Kind(".webm", "webm", "libvpx"),
    "avi-mpeg4": Kind(".avi", "avi", "mpeg4"),
    "avi-mjpeg": Kind(".avi", "avi", "mjpeg", "yuvj420p"),
    "mov-prores": Kind(".mov", "mov", "prores_ks", "yuv422p10le"),
    "ts-mpeg2": Kind(".ts", "mpegts", "mpeg2video"),
    "vob-mpeg2": Kind(".vob", "vob", "mpeg2video"),
    "flv": Kind(".flv", "flv", "flv"),
    "wmv": Kind(".wmv", "asf", "wmv2"),
    "dv": Kind(".dv", "dv", "dvvideo", "yuv420p", (720, 576)),
    "y4m": Kind(".y4m", "yuv4mpegpipe", "wrapped_avframe"),
    "h264": Kind(".h264", "h264", "libx264"),
    "gif": Kind(".gif", "gif", "gif", "rgb8"),
    "apng": Kind(".png", "apng", "apng", "rgb24"),
    "webp-animated": Kind(".webp", "webp", "libwebp_anim", "yuv420p"),
}
IMAGES = (".jpg", ".png", ".bmp", ".tiff", ".webp", ".ppm", ".avif")


def make_video(kind: Kind, path: Path, frames: int = 6) -> bool:
    """Write a short film; False where this FFmpeg can't."""
    if kind.encoder not in av.codecs_available or kind.container not in av.formats_available:
        return False
    with av.open(str(path), "w", format=kind.container) as output:
        stream = output.add_stream(kind.encoder, rate=kind.rate)
        stream.width, stream.height = kind.size
        stream.pix_fmt = kind.pixels
        for index in range(frames):
            image = np.full((*kind.size[::-1], 3), 40 + 20 * index, np.uint8)
            image[10:20, 5 * index : 5 * index + 12] = (250, 30, 60)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, kind.rate)
            output.mux(stream.encode(frame.reformat(format=kind.pixels)))
        output.mux(stream.encode(None))
    return True


def make_image(ending: str) -> bytes | None:
    """An encoded picture; None where this OpenCV can't."""
    image = np.zeros((24, 32, 3), np.uint8)
    image[4:12, 6:20] = (30, 200, 90)
    try:
        done, data = cv2.imencode(ending, image)
    except cv2.error:
        return None
    return data.tobytes() if done else None
