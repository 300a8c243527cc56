"""What a plugin adds beside tasks, each used once as edgereg uses it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from pkgutil import resolve_name

import numpy as np

from edgereg.authoring.check.findings import Journal
from edgereg.authoring.check.tasks import Where, frames, trace_of
from edgereg.core.errors import EdgeregError, one_line
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.regions import Regions
from edgereg.core.result import FrameResult
from edgereg.engines.select import PROOF_GRAPH
from edgereg.plugins import Plugins
from edgereg.sinks.base import RunInfo

# What users type, and what a source of a plugin should leave to those built in.
OTHERS = ("clip.mp4", "photo.jpg", "0", "-", "rtsp://host/stream", "*.png", "folder")


def try_source(plugins: Plugins, name: str, journal: Journal) -> None:
    """Ask it about texts that are others'."""
    with journal.step(f"asking source '{name}' what it takes"):
        taken = [text for text in OTHERS if plugins.sources()[name].takes(text)]
    if taken:
        said = f"it takes {', '.join(taken)}, which edgereg opens itself"
        mend = "take only what begins with a word of your own: edgereg.api.scheme"
        journal.add("warning", f"source {name}", said, mend)
    else:
        journal.add("ok", f"source {name}", "leaves to others what is theirs")


def try_sink(plugins: Plugins, name: str, journal: Journal) -> None:
    """Write three frames and close it, twice."""
    upstream = Where("detection")
    info = SourceInfo("check", 64, 48, 25.0, 3, seekable=False, live=False)
    run = RunInfo(info, {"detection": upstream.kinds(None)})
    with tempfile.TemporaryDirectory() as folder, journal.step(f"writing with output '{name}'"):
        sink = plugins.sinks()[name].open(Path(folder) / f"out{name}", run)
        for index, image in enumerate(frames(64, 48, 3)):
            frame = Frame(index, index / 25, image, "check")
            found = upstream.step(frame, Regions.of_boxes([]), ())
            sink.write(
                FrameResult(index, index / 25, frame.image, {"detection": found}, (), frame.image)
            )
        sink.close()
        sink.close()
        written = [path for path in Path(folder).rglob("*") if path.is_file()]
    if written:
        journal.add("ok", f"output {name}", "wrote three frames")
    else:
        mend = "write to the path that open is given; a sink that writes elsewhere may ignore this"
        journal.add("warning", f"output {name}", "left no file", mend)


def try_engine(plugins: Plugins, name: str, journal: Journal) -> None:
    """Run a graph of one node, and compare."""
    x = np.array([[-1, 2, -3, 4, 0, 0, 0, 1]], np.float32)
    with tempfile.TemporaryDirectory() as folder, journal.step(f"running engine '{name}'"):
        graph = Path(folder) / "relu.onnx"
        graph.write_bytes(PROOF_GRAPH)
        engine = plugins.engines()[name].load(graph, 1)
        (given,), (wanted,) = engine.inputs, engine.outputs
        y = engine.run({given: x})[wanted]
    if np.array_equal(y, np.maximum(x, 0)):
        journal.add("ok", f"engine {name}", "a test graph returned what it should")
    else:
        said = f"Relu of {x.tolist()} is not {np.asarray(y).tolist()}"
        journal.add("error", f"engine {name}", said, "compare its outputs with ONNX Runtime's")


def try_command(plugins: Plugins, name: str, journal: Journal) -> None:
    """Show its help."""
    from click.testing import CliRunner

    with journal.step(f"showing the help of command '{name}'"):
        shown = CliRunner().invoke(plugins.commands()[name], ["--help"])
    if shown.exit_code:
        said = f"--help ends with {shown.exit_code} ({shown.exception})"
        journal.add("error", f"command {name}", said, "a click command shows its help by itself")
    else:
        journal.add("ok", f"command {name}", "shows its help")


def try_filter(plugins: Plugins, name: str, journal: Journal) -> None:
    """Pass boxes through it, and reset it."""
    upstream, each = Where("detection"), plugins.filters()[name]
    with journal.step(f"applying filter '{name}'"):
        if each.takes(upstream.kinds(None)):
            state = each.open(upstream.kinds(None))
            for index, image in enumerate(frames(64, 48, 3)):
                frame = Frame(index, index / 25, image)
                state.apply(frame, upstream.step(frame, Regions.of_boxes([]), ()))
            state.reset("cut")
    journal.add("ok", f"filter {name}", "was applied to boxes")


def try_part(hook: str) -> Callable[[Plugins, str, Journal], None]:
    """Of training: import what the hook names."""

    def use(plugins: Plugins, name: str, journal: Journal) -> None:
        part = plugins.training_parts(hook)[name]
        with journal.step(f"importing {part}"):
            if isinstance(part, str):
                resolve_name(part)
        journal.add("ok", f"{hook.removeprefix('edgereg_')} {name}", "can be imported")

    return use


_USES: Mapping[str, Callable[[Plugins, str, Journal], None]] = {
    "edgereg_sources": try_source,
    "edgereg_sinks": try_sink,
    "edgereg_engines": try_engine,
    "edgereg_commands": try_command,
    "edgereg_filters": try_filter,
}


def try_other(hook: str, plugins: Plugins, name: str, journal: Journal) -> None:
    """Use what a hook has added under a name; whatever it raises is a finding."""
    try:
        _USES.get(hook, try_part(hook))(plugins, name, journal)
    except Exception as error:
        said = f"it failed ({one_line(error)})"
        mend = "" if isinstance(error, EdgeregError) else "the traceback says where"
        journal.add("error", f"{hook.removeprefix('edgereg_')} {name}", said, mend, trace_of(error))
