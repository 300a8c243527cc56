"""`--blur heads` and `edgereg.run(blur=)`: every head covered, nothing else, the sound kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

import edgereg
from edgereg import front_door
from edgereg.blurring import Blur
from edgereg.core.errors import EdgeregError
from edgereg.core.frames import Frame
from edgereg.core.kinds import Boxes
from edgereg.core.marks import BoxMark
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Regions
from edgereg.core.tasks import Prepared, Proposal
from edgereg.hookspecs import hookimpl
from edgereg.plugins import load_plugins

WIDTH, HEIGHT, FRAMES = 320, 96, 50
MISSED = {0, 1, 7, 20, 21, 22, 23, 24, 40, 49}
# A head is a board of black and white squares of 4 px, which no video codec smooths away.
BOARD = np.kron(np.indices((8, 6)).sum(axis=0) % 2, np.ones((4, 4)))[..., None] * 255


def head_at(index: int) -> tuple[int, int, int, int]:
    """The head's box in a frame, x1, y1, x2, y2."""
    left = 20 + 4 * index
    return left, 32, left + 24, 64


def scene(index: int) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    image[:, ::40] = 160
    left, top, right, bottom = head_at(index)
    image[top:bottom, left:right] = BOARD
    return image


@dataclass(frozen=True)
class Heads:
    """A detector that misses the head in some frames, and breaks in those of `fails`."""

    model: Path
    fails: tuple[int, ...] = ()
    name: str = "detection"
    title: str = "Heads"
    upstream: str | None = None

    def kinds(self, spec: Any) -> tuple[Boxes]:
        return (Boxes(),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: Any) -> Prepared:
        index, one = np.full((1, 2), frame.index, np.float32), np.ones((1, 2), np.float32)
        return Prepared(frame.image[None], index, one, None, frame.size)

    def propose(self, outputs: Mapping[str, Any], prepared: Prepared, spec: Any) -> Proposal:
        index = int(prepared.origin[0, 0])
        if index in self.fails:
            raise RuntimeError("the detector broke")
        boxes = [] if index in MISSED else [head_at(index)]
        scores = np.full((1, len(boxes)), 0.9, np.float32)
        return Proposal(np.array(boxes, np.float32).reshape(1, -1, 4), scores)

    def conclude(self, proposal: Proposal, *_: Any) -> Predictions:
        return Predictions(self.name, "tiny", (Boxes(),), proposal.initial[0], proposal.scores[0])

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> list[Any]:
        return [BoxMark(box) for box in predictions.values]


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch, tiny_model: Any) -> Callable[..., None]:
    """detector(fails=...) puts the stand-in in the place of head detection."""
    pytest.importorskip("onnxruntime")
    path = tiny_model("detection", refine=False).path

    def put(fails: tuple[int, ...] = ()) -> None:
        plugin = SimpleNamespace(edgereg_tasks=hookimpl(edgereg_tasks))
        entry = SimpleNamespace(name="p", value="p", load=lambda: plugin)
        plugins = load_plugins(disabled=(), entries=[entry])
        monkeypatch.setattr(front_door, "_plugins", lambda: plugins)
        tasks[:] = [Heads(path, fails=fails)]

    tasks: list[Any] = []

    def edgereg_tasks() -> list[Any]:
        return tasks

    put()
    return put


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """A clip with a head that walks through it, and a tone."""
    path = tmp_path / "crowd.mkv"
    with av.open(str(path), "w") as output:
        pictures = output.add_stream("ffv1", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "bgr0"
        voice = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(scene(index), format="rgb24")
            output.mux(pictures.encode(frame))
        output.mux(pictures.encode(None))
        wave = np.sin(np.arange(16000) / 3) * 8000
        sound = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], format="s16", layout="mono")
        sound.sample_rate, sound.pts = 8000, 0
        output.mux(voice.encode(sound))
        output.mux(voice.encode(None))
    return path


def pictures_of(path: Path) -> Iterator[np.ndarray]:
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            yield frame.to_ndarray(format="rgb24").astype(float)


def checkered(picture: np.ndarray, index: int) -> float:
    """How much of the board can be seen: 1 all of it, 0 none."""
    left, top, right, bottom = head_at(index)
    part = picture[top:bottom, left:right].mean(axis=2)
    sign = BOARD[..., 0] / 127.5 - 1
    return float(abs((part * sign).mean()) / 127.5)


@pytest.mark.parametrize("blur", ["heads", "heads:pixelate", "heads:box"])
def test_a_head_is_covered_in_every_frame_and_the_rest_stays(
    detector: Any, crowd: Path, tmp_path: Path, blur: str
) -> None:
    out, table = tmp_path / "out.mp4", tmp_path / "out.csv"
    report = edgereg.run(crowd, out, table, tasks="detection", blur=blur)
    assert report.stats.frames == FRAMES
    found = list(pictures_of(out))
    assert len(found) == FRAMES
    for index, picture in enumerate(found):
        assert checkered(scene(index), index) == pytest.approx(1, abs=0.01)
        assert checkered(picture, index) < 0.1, f"frame {index} shows the head"
        left, _, right, _ = head_at(index)
        rest = np.ones(WIDTH, bool)
        rest[max(0, left - 60) : right + 60] = False
        apart = np.abs(picture[:, rest] - scene(index)[:, rest])
        assert apart.mean() < 4, "beyond the head the picture is as it was"
    with av.open(str(out)) as file:
        voice = file.streams.audio[0]
        assert sum(each.samples for each in file.decode(voice)) / voice.rate == pytest.approx(
            2, abs=0.15
        )
    assert len(table.read_text().splitlines()) == 1 + FRAMES - len(MISSED)


def test_the_table_of_the_first_pass_can_be_left_out(
    detector: Any, crowd: Path, tmp_path: Path
) -> None:
    edgereg.run(crowd, tmp_path / "out.mkv", blur="heads", limit=10)
    found = list(pictures_of(tmp_path / "out.mkv"))
    assert len(found) == 10
    assert all(checkered(picture, index) < 0.1 for index, picture in enumerate(found))


def test_where_the_detector_fails_the_whole_picture_is_covered(
    detector: Any, crowd: Path, tmp_path: Path
) -> None:
    detector(fails=(30,))
    edgereg.run(crowd, tmp_path / "out.mkv", blur="heads:box")
    found = list(pictures_of(tmp_path / "out.mkv"))
    assert found[30].max() < 24
    assert found[31].max() > 90


def test_pictures_from_python_are_read_once(detector: Any, tmp_path: Path) -> None:
    edgereg.run((scene(index) for index in range(FRAMES)), tmp_path / "out.mkv", blur="heads")
    shown = [checkered(p, i) for i, p in enumerate(pictures_of(tmp_path / "out.mkv"))]
    assert len(shown) == FRAMES
    assert all(share < 0.1 for index, share in enumerate(shown) if index not in MISSED)
    assert shown[7] < 0.1, "a frame's miss is held"


def test_what_was_covered_is_said(
    detector: Any, crowd: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        edgereg.run(crowd, tmp_path / "out.mkv", blur="heads")
    line = f"{FRAMES} heads covered in {FRAMES} frames: {len(MISSED)} carried"
    assert line in caplog.text


@pytest.mark.parametrize(
    ("outputs", "options", "line"),
    [
        (["a.csv"], {"blur": "heads"}, "name an output"),
        (["a.mp4"], {"blur": "faces"}, "heads:pixelate or heads:box"),
        (["a.mp4"], {"blur": "heads:"}, None),
        (["a.mp4"], {"blur": "heads", "track": False}, "needs tracks"),
        (["no/such/a.mp4"], {"blur": "heads"}, "its folder does not exist"),
    ],
)
def test_what_can_not_be_meant_is_said_before_anything_runs(
    detector: Any, crowd: Path, tmp_path: Path, outputs: Any, options: Any, line: str | None
) -> None:
    paths = [tmp_path / name for name in outputs]
    if line is None:
        edgereg.run(crowd, *paths, limit=2, **options)
        return
    with pytest.raises(EdgeregError, match=line):
        edgereg.run(crowd, *paths, **options)
    assert not any(path.exists() for path in paths)


def test_looks_have_names() -> None:
    assert [Blur.parse(f"heads:{look}").look for look in ("blur", "box")] == ["blur", "box"]
