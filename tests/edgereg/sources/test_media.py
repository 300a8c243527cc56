"""Every kind of media: each frame the right one, at its own time, and the same after any seek."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgereg.core.errors import SourceError
from edgereg.sources import file
from edgereg.sources.file import VideoFile, survey
from edgereg.sources.index import FrameIndex
from edgereg.sources.options import SourceOptions

from .formats_table import HEAD, table, tried
from .media import H264, KINDS, Coding, Kind, encode, number_in, streamed

TABLE = table(HEAD)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_read_and_seek(kind: Kind, tmp_path: Path) -> None:
    """And the table in docs/formats.md says of it what is so."""
    assert tried(kind, tmp_path) in TABLE


def test_the_table_has_these_kinds_and_no_others() -> None:
    assert len(TABLE) == len(KINDS)


@pytest.mark.parametrize("name", ["tape.dv", "interlaced.ts", "dvd.vob", "prores.mov"])
def test_interlaced_pictures_are_made_whole(name: str, tmp_path: Path) -> None:
    """The bar's two moments lie 5 pixels apart: no row of it may differ from the next by that."""
    kind = next(each for each in KINDS if each.name == name)
    source = VideoFile(kind.write(tmp_path))
    image = list(source.frames())[8].image.astype(float)
    height = image.shape[0]
    bar = image[height * 5 // 8 : height * 7 // 8, :, 0]
    lefts = np.argmax(bar > 160, axis=1)
    assert np.abs(np.diff(lefts)).max() <= 2


def test_where_an_index_proves_wrong_frames_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of two fields that are a packet each: fewer frames than packets."""
    path = encode(tmp_path / "clip.mp4", Coding(options=H264))
    straight = [frame.image.tobytes() for frame in VideoFile(path).frames()]
    read_index = file.read_index

    def wrong(opened: object) -> FrameIndex:
        index = read_index(opened)  # type: ignore[arg-type]
        index.order.insert(20, index.order[20])
        index.times.insert(20, index.times[20])
        return index

    monkeypatch.setattr(file, "read_index", wrong)
    monkeypatch.setattr(file, "TRIED", 4)
    source = VideoFile(path)
    source.seek(12)
    images = [frame.image.tobytes() for frame in source.frames()]
    assert images == straight[12:]
    source.seek(30)
    assert next(source.frames()).image.tobytes() == straight[30]


def test_a_player_learns_the_length_of_a_recording_without_one(tmp_path: Path) -> None:
    coding = Coding("libvpx", options={"deadline": "realtime"}, container="webm")
    path = streamed(tmp_path / "browser.webm", coding)
    source = VideoFile(path)
    assert source.info.frame_count is None
    source = VideoFile(path, SourceOptions(index_ahead=True))
    assert source.count() == 40
    assert source.info.frame_count == 40
    assert number_in(next(source.frames()).image) == 0


def test_only_sound_is_no_video(tmp_path: Path) -> None:
    import av

    path = tmp_path / "sound.mka"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
        sound.rate = 8000
        out.mux(stream.encode(sound))
        out.mux(stream.encode(None))
    with pytest.raises(SourceError, match=r"sound\.mka: only sound in it"):
        VideoFile(path)


def test_an_index_is_read_without_decoding(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", Coding(options=H264))
    source = VideoFile(path)
    index = survey(source.open_again)
    assert index.trusted
    assert sorted(index.order) == list(range(40))
    assert [entry.rank for entry in index.entries] == [0, 12, 24, 36]
    with pytest.raises(SourceError, match="no frame 40; it has 40"):
        source.seek(40)
