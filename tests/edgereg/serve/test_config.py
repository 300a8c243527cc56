"""What a configuration may say, and that a mistake is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgereg.core.errors import EdgeregError

pytest.importorskip("yaml")

from edgereg.serve.config import read_config
from edgereg.serve.delivery.config import FilesConfig

GOOD = "sources: {door: {source: clip.mp4}}"


def written(folder: Path, text: str) -> Path:
    path = folder / "cameras.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("sources: {}", "sources"),
        ("sources: {door: {}}", "sources.door.source"),
        ("sources: {door: {source: a.mp4, taks: [x]}}", "sources.door.taks"),
        ("sources: {door: {source: a.mp4, steps: -1}}", "sources.door.steps"),
        ("sources: {door: {source: a.mp4, camera: large}}", "sources.door.camera"),
        ("sources: {door: {source: a.mp4, prompts: [{box: [1, 2, 0, 4]}]}}", "prompts.0.box.2"),
        ("sources: {../door: {source: a.mp4}}", "sources.../door"),
        (GOOD + "\nport: 70000", "port"),
        ("[1, 2]", "sources:"),
        ("sources: {door: [", "no YAML"),
        (GOOD + "\ndeliver: {b: {to: pigeon}}", "deliver.b"),
        (GOOD + "\ndeliver: {b: {to: mqtt}}", "deliver.b.mqtt.host"),
        (GOOD + "\ndeliver: {b: {to: mqtt, host: h, topic: 'a/#'}}", "deliver.b.mqtt.topic"),
        (GOOD + "\ndeliver: {b: {to: mqtt, host: h, topic: 'a/{x}'}}", "deliver.b.mqtt.topic"),
        (GOOD + "\ndeliver: {b: {to: webhook, url: 'ftp://x'}}", "deliver.b.webhook.url"),
        (GOOD + "\ndeliver: {b: {to: files, folder: f, sources: [x]}}", "deliver.b.sources"),
        (GOOD + "\ndeliver: {b: {to: udp, rules: [x]}}", "deliver.b.rules"),
        (GOOD + "\nrules: {r: {when: never, task: t}}", "rules.r"),
        (GOOD + "\nrules: {r: {when: results, task: t}}", "rules.r.results.every"),
        (GOOD + "\nrules: {r: {when: region, task: t}}", "rules.r.region"),
        (GOOD + "\nrules: {r: {when: region, task: t, zone: [[0, 0], [1, 1]]}}", "region.zone"),
        (GOOD + "\nrules: {r: {when: region, task: t, roi: [0, 0, 0, 1]}}", "region.roi.2"),
        (GOOD + "\nrules: {r: {when: line, task: t, start: [1, 1], end: [1, 1]}}", "rules.r.line"),
        (
            GOOD + "\nrules: {r: {when: threshold, task: t, values: {a: [2, 1]}}}",
            "threshold.values",
        ),
        (
            GOOD + "\nrules: {r: {when: threshold, task: t, values: {a: [0, 1]}, "
            "probability: 0.5, release_probability: 0.9}}",
            "rules.r.threshold",
        ),
        (GOOD + "\nrules: {r: {when: change, task: t, of: a, events: [enter]}}", "change.events"),
        (GOOD + "\nrules: {r: {when: change, task: t, of: a, sources: [x]}}", "rules.r.sources"),
        (
            "sources: {a: {source: '0', outputs: [x.csv]}, b: {source: '1', outputs: [x.csv]}}",
            "two outputs are the same file",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(EdgeregError, match=r"cameras\.yaml") as raised:
        read_config(path)
    assert place in str(raised.value)


def test_a_line_that_is_no_yaml_is_not_repeated(tmp_path: Path) -> None:
    text = 'sources:\n  door: {source: "rtsp://admin:hunter22@camera/1", tasks: [a}'
    with pytest.raises(EdgeregError, match="is no YAML: line 2, column") as raised:
        read_config(written(tmp_path, text))
    assert "hunter22" not in str(raised.value)


def test_every_mistake_is_told(tmp_path: Path) -> None:
    text = "sources: {door: {source: a.mp4, fov: 400}, yard: {}}"
    with pytest.raises(EdgeregError) as raised:
        read_config(written(tmp_path, text))
    assert len(str(raised.value).splitlines()) == 2


def test_paths_start_at_the_file_and_other_sources_stay(tmp_path: Path) -> None:
    text = """
    sources:
      clip: {source: clip.mp4, outputs: [out/poses.jsonl]}
      camera: {source: 0}
      stream: {source: "rtsp://camera/1"}
      other: {source: "robot:left"}
    """
    config = read_config(written(tmp_path, text))
    assert config.sources["clip"].source == str(tmp_path / "clip.mp4")
    assert config.sources["clip"].outputs == (tmp_path / "out" / "poses.jsonl",)
    others = [config.sources[name].source for name in ("camera", "stream", "other")]
    assert others == ["0", "rtsp://camera/1", "robot:left"]


def test_what_must_be_remembered_lies_beside_the_file_or_where_systemd_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{GOOD}\ndeliver: {{b: {{to: files, folder: out}}}}"
    config = read_config(written(tmp_path, text))
    assert config.state == tmp_path / "cameras.state"
    assert isinstance(config.deliver["b"], FilesConfig)
    assert config.deliver["b"].folder == tmp_path / "out"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/edgereg:/elsewhere")
    assert read_config(written(tmp_path, text)).state == Path("/var/lib/edgereg")
    assert read_config(written(tmp_path, text + "\nstate: kept")).state == tmp_path / "kept"


def test_a_box_becomes_a_prompt(tmp_path: Path) -> None:
    text = "sources: {door: {source: 0, prompts: [{box: [10, 20, 30, 40], frame: 2}]}}"
    (prompt,) = read_config(written(tmp_path, text)).sources["door"].choice().prompts
    assert prompt.box == (10, 20, 40, 60)
    assert prompt.frame == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "camera.example"])  # noqa: S104
def test_others_may_connect_with_a_token_alone(tmp_path: Path, host: str) -> None:
    config = read_config(written(tmp_path, f"{GOOD}\nhost: '{host}'"))
    with pytest.raises(EdgeregError, match="token is needed"):
        config.token({})
    assert config.token({"EDGEREG_TOKEN": "0123456789abcdef"}) == "0123456789abcdef"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_token(tmp_path: Path, host: str) -> None:
    assert read_config(written(tmp_path, f"{GOOD}\nhost: '{host}'")).token({}) is None


@pytest.mark.parametrize("token", ["", "short", "with spaces in it, long"])
def test_a_weak_token_is_refused(tmp_path: Path, token: str) -> None:
    (tmp_path / "token").write_text(token + "\n")
    config = read_config(written(tmp_path, f"{GOOD}\ntoken_file: token"))
    with pytest.raises(EdgeregError, match="at least 16"):
        config.token({"EDGEREG_TOKEN": "0123456789abcdef"})
