"""Still images: single, in folders and by glob, damaged ones among them."""

from __future__ import annotations

import errno
import os
import struct
import sys
import zlib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edgereg.core.errors import SourceError
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks.pictures import PictureSink
from edgereg.sources.open import open_source
from edgereg.sources.options import SourceOptions

from .tiled_heic import tiled_heic


def save(path: Path, level: int, size: tuple[int, int] = (16, 12)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, np.full((*size[::-1], 3), level, np.uint8))[1])
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (10, 2, 1):
        save(tmp_path / "shots" / f"shot{number}.png", number)
    (tmp_path / "shots" / "notes.txt").write_text("no image")
    return tmp_path / "shots"


def levels(text: Path | str) -> list[int]:
    return [int(frame.image[0, 0, 0]) for frame in open_source(text).frames()]


def test_a_folder_in_natural_order(folder: Path) -> None:
    assert levels(folder) == [1, 2, 10]
    assert open_source(folder).info.frame_count == 3


def test_a_glob(folder: Path) -> None:
    assert levels(str(folder / "shot1*.png")) == [1, 10]


@pytest.mark.parametrize("name", ["one.png", "ümläut 中.jpg", "one.BMP"])
def test_one_image(tmp_path: Path, name: str) -> None:
    assert levels(save(tmp_path / name, 77)) == [77]


def test_sizes_may_change(folder: Path) -> None:
    save(folder / "shot3.png", 3, (40, 30))
    shapes = [frame.image.shape[:2] for frame in open_source(folder).frames()]
    assert shapes == [(12, 16), (12, 16), (30, 40), (12, 16)]


def test_seeking(folder: Path) -> None:
    source = open_source(folder)
    source.seek(2)
    assert [frame.index for frame in source.frames()] == [2]
    with pytest.raises(SourceError, match="no image 3"):
        source.seek(3)


def test_a_damaged_image_is_skipped_and_counted(folder: Path) -> None:
    (folder / "shot1.png").write_bytes(b"not a picture")
    (folder / "shot10.png").write_bytes(b"")
    source = open_source(folder)
    assert [frame.index for frame in source.frames()] == [1]
    assert len(source.warnings) == 2


def test_a_damaged_image_alone(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"not a picture")
    with pytest.raises(SourceError, match=r"bad\.jpg: not an image"):
        open_source(tmp_path / "bad.jpg")


def test_a_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no images in it"):
        open_source(tmp_path)


def test_a_glob_without_matches(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no images in it"):
        open_source(str(tmp_path / "*.png"))


def test_a_missing_image(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_source(tmp_path / "none.png")


def test_no_source_at_all() -> None:
    with pytest.raises(SourceError, match="no source given"):
        open_source("  ")


@pytest.mark.parametrize("text", ["a" * 400, "x" * 300 + "*", "clip\0.mp4"])
def test_what_can_not_be_a_name(text: str) -> None:
    with pytest.raises(SourceError):
        open_source(text)


def test_a_folder_that_can_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(SourceError, match="shots: can't be read: Permission denied"):
        open_source(folder)


@pytest.mark.parametrize("name", ["one.jfif", "one.JPE G.jpeg"])
def test_more_endings(tmp_path: Path, name: str) -> None:
    save(tmp_path / "one.jpg", 77).rename(tmp_path / name)
    assert levels(tmp_path) == [77]


def test_frames_carry_the_names_of_their_files(folder: Path) -> None:
    assert [frame.name for frame in open_source(folder).frames()] == [
        "shot1.png",
        "shot2.png",
        "shot10.png",
    ]
    assert [path.name for path in open_source(folder).info.files] == [
        "shot1.png",
        "shot2.png",
        "shot10.png",
    ]


@pytest.mark.parametrize("name", ["dir [1]", "what?", "a*b"])
def test_a_folder_whose_name_is_a_pattern(folder: Path, name: str) -> None:
    odd = folder.rename(folder.with_name(name))
    assert levels(odd) == [1, 2, 10]
    assert levels(f"{odd}/shot1*.png") == [1, 10]


def test_names_that_are_no_utf_8(folder: Path) -> None:
    try:
        (folder / "shot2.png").rename(folder / os.fsdecode(b"shot2\xff.png"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    frames = list(open_source(folder).frames())
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert frames[1].name == "shot2\\xff.png"


def test_a_name_with_escape_codes_is_shown_harmless(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(tmp_path / "\x1b(0gone.png")
    assert "\\x1b(0gone.png: no such file" in str(caught.value)


def test_a_truncated_photograph_is_told(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)
    path = tmp_path / "photo.jpg"
    content = cv2.imencode(".jpg", noise)[1].tobytes()
    path.write_bytes(content)
    assert open_source(path).warnings == ()
    path.write_bytes(content[: len(content) // 2])
    try:
        source = open_source(path)
        assert len(list(source.frames())) == 1
        told = list(source.warnings)
    except SourceError as error:  # newer versions of OpenCV show nothing of it
        told = [str(error)]
    assert "photo.jpg: truncated" in told[0]


def png(width: int, height: int, *chunks: bytes) -> bytes:
    def chunk(name: bytes, data: bytes, size: int | None = None) -> bytes:
        length = len(data) if size is None else size
        return struct.pack(">I", length) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks)


BOMBS = {
    "png": png(60_000, 60_000, b"\0\0\0\x10IDAT" + zlib.compress(bytes(1000))),
    "chunk.png": png(10, 10, struct.pack(">I", 0x7FFF0000) + b"tEXt" + b"a" * 30_000),
    "apng.png": png(10, 10, struct.pack(">I", 0x7FFF0000) + b"fdAT" + b"a" * 30_000),
    "bmp": b"BM" + bytes(12) + struct.pack("<IiiHHI", 40, 60_000, -60_000, 1, 24, 0) + bytes(999),
    "ppm": b"P6\n60000 60000\n255\n" + bytes(999),
    "webp": b"RIFF\x40\0\0\0WEBPVP8L\x30\0\0\0\x2f" + b"\xff" * 4 + bytes(60),
    "tif": b"II*\0\x08\0\0\0\x02\0"
    + struct.pack("<HHII", 256, 4, 1, 60_000)
    + struct.pack("<HHII", 257, 4, 1, 60_000)
    + bytes(99),
    "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20) + b"ihdr" + struct.pack(">II", 60_000, 60_000)
    + bytes(99),
    "jpg": b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 60_000, 60_000)
    + b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c" + bytes(999),
    "gif": b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08" + bytes(999),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_few_bytes_that_declare_gigabytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"bomb.{name}"
    path.write_bytes(BOMBS[name])
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError, match=r"bomb\."):
        list(open_source(path).frames())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_the_bound_may_be_raised(tmp_path: Path) -> None:
    path = save(tmp_path / "one.png", 9, (40, 30))
    with pytest.raises(SourceError, match=r"more than the 0\.001 million that are allowed"):
        open_source(path, SourceOptions(max_pixels=1000))
    assert open_source(path, SourceOptions(max_pixels=1200)).info.width == 40


def avif(path: Path) -> Path:
    with av.open(str(path), "w", format="avif") as out:
        options = {"preset": "12", "svtav1-params": "lp=1"}
        stream = out.add_stream("libsvtav1", rate=1, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        image = np.full((64, 96, 3), (200, 60, 40), np.uint8)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        out.mux(stream.encode(None))
    return path


def test_avif(tmp_path: Path) -> None:
    avif(tmp_path / "photo.avif")
    source = open_source(tmp_path)
    image = next(source.frames()).image
    assert image.shape == (64, 96, 3)
    assert np.allclose(image.mean((0, 1)), (200, 60, 40), atol=6)
    assert source.info.stills


def animated_webp(path: Path) -> Path:
    """A red picture; a half transparent green square on it; then the square moves."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    def frame(x: int, y: int, image: np.ndarray, ms: int, flags: int) -> bytes:
        stored = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
        stored = stored[12:]
        if stored.startswith(b"VP8X"):
            stored = stored[18:]
        sides = (x // 2, y // 2, image.shape[1] - 1, image.shape[0] - 1, ms)
        head = b"".join(side.to_bytes(3, "little") for side in sides) + bytes([flags])
        return chunk(b"ANMF", head + stored)

    red = np.full((48, 64, 3), (0, 0, 200), np.uint8)
    green = np.full((16, 16, 4), (0, 200, 0, 128), np.uint8)
    body = chunk(b"VP8X", bytes([2, 0, 0, 0]) + bytes([63, 0, 0, 47, 0, 0]))
    body += chunk(b"ANIM", bytes(6))
    body += frame(0, 0, red, 100, 2) + frame(8, 8, green, 50, 1) + frame(40, 8, green, 70, 0)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body)
    return path


def test_animated_webp(tmp_path: Path) -> None:
    source = open_source(animated_webp(tmp_path / "drawn.webp"))
    frames = list(source.frames())
    assert [frame.time_s for frame in frames] == pytest.approx([0.0, 0.1, 0.15])
    assert source.info.frame_count == 3
    assert not source.info.stills
    assert frames[0].image[16, 16].tolist() == [200, 0, 0]
    assert np.allclose(frames[1].image[16, 16], (100, 100, 0), atol=2)
    assert frames[2].image[16, 16].tolist() == [0, 0, 0]  # the square was cleared behind it
    assert np.allclose(frames[2].image[16, 48], (100, 100, 0), atol=2)
    for target in (1, 2, 0):
        source.seek(target)
        assert np.array_equal(next(source.frames()).image, frames[target].image)


def test_a_cut_off_webp(tmp_path: Path) -> None:
    path = animated_webp(tmp_path / "drawn.webp")
    path.write_bytes(path.read_bytes()[:-40])
    source = open_source(path)
    assert len(list(source.frames())) == 2
    assert "truncated" in source.warnings[0]


def test_a_picture_in_tiles_is_joined(tmp_path: Path) -> None:
    """As telephones write HEIC: the picture is an item that is a grid of others."""
    path = tmp_path / "photo.heic"
    path.write_bytes(tiled_heic((220, 30, 30), (30, 160, 30), (40, 40, 200)))
    source = open_source(path)
    assert (source.info.width, source.info.height) == (192, 64)
    (frame,) = source.frames()
    for x, colour in ((32, (220, 30, 30)), (96, (30, 160, 30)), (160, (40, 40, 200))):
        assert np.allclose(frame.image[32, x], colour, atol=6)
    with pytest.raises(ValueError, match="read-only"):
        frame.image[0] = 0


def test_a_picture_in_tiles_stands_upright(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    path.write_bytes(tiled_heic((220, 30, 30), (40, 40, 200), quarters=1))
    (frame,) = open_source(path).frames()
    assert frame.image.shape == (128, 64, 3)
    assert np.allclose(frame.image[32, 32], (40, 40, 200), atol=6)
    assert np.allclose(frame.image[96, 32], (220, 30, 30), atol=6)


def test_a_picture_in_tiles_that_is_damaged_or_too_large(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    content = tiled_heic((220, 30, 30), (40, 40, 200))
    path.write_bytes(content[:-60])
    with pytest.raises(SourceError, match=r"photo\.heic: not an image that edgereg can read"):
        open_source(path)
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"photo\.heic: .*pixels"):
        open_source(path, SourceOptions(max_pixels=64 * 64))


def test_without_a_joiner_no_part_is_taken_for_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = avif(tmp_path / "photo.avif")
    content = path.read_bytes()
    at = content.index(b"infe") + len(b"infe") + 8
    assert content[at : at + 4] == b"av01"
    tiles = tmp_path / "photo.heic"
    tiles.write_bytes(content[:at] + b"grid" + content[at + 4 :])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(SourceError, match=r"photo\.heic: .* in tiles, .*edgereg\[heic\]"):
        open_source(tiles)
    tiles.write_bytes(content)
    assert open_source(tiles).info.width == 96


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_what_an_earlier_run_wrote_is_left_out(folder: Path, ending: str) -> None:
    photos = levels(folder)
    size = {"width": 16, "height": 12, "fps": 1.0, "frame_count": 2}
    info = SourceInfo("photos", **size, seekable=True, live=False)
    sink = PictureSink(folder / f"found-%06d{ending}", info)
    for index in range(2):
        sink.write(FrameResult(index, 0.0, np.zeros((12, 16, 3), np.uint8)))
    source = open_source(str(folder))
    assert [path.name for path in source.info.files] == ["shot1.png", "shot2.png", "shot10.png"]
    line = f"skipped 2 pictures that edgereg wrote itself, the first is found-000000{ending}"
    assert source.warnings == (f"{folder}: {line}",)
    assert levels(folder) == photos
    # Where nothing else is there, they are what was meant.
    assert len(levels(f"{folder}/found-*{ending}")) == 2
