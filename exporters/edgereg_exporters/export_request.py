"""What `edgereg export` was asked for, carried out; what it then shows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import onnx

from edgereg.engines.ranges import parse_batch
from edgereg.models.folder import SPEC_FILE, ModelFolder, load_model
from edgereg_exporters.errors import ExportError
from edgereg_exporters.folder.model_folder import Description, Exported, copy_model, export_model
from edgereg_exporters.folder.tensorrt_rules import refusals
from edgereg_exporters.folder.triton import add_to_repository
from edgereg_exporters.precision.calibration import calibration_batches
from edgereg_exporters.precision.quantise import Scheme
from edgereg_exporters.precision.reduced_model import Reduced, Reduction, reduce_model

if TYPE_CHECKING:
    from edgereg_training.loop.bootstrap import Figure

Say: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """The command's arguments; max_loss in per cent, batch as LEAST:USUAL:MOST."""

    source: Path
    out: Path
    name: str | None = None
    version: str | None = None
    precision: Literal["fp32", "fp16", "int8"] = "fp32"
    calibration: Path | None = None
    scheme: Scheme = "portable"
    max_loss: float | None = None
    data: Path | None = None
    notes: Path | None = None
    triton: Path | None = None
    engine: Literal["tensorrt"] | None = None
    batch: str | None = None
    force: bool = False

    @property
    def called(self) -> str:
        """The new model's name."""
        return self.name or self.out.resolve().name


@dataclass(frozen=True)
class Shown:
    """Tables (head, rows) and lines for the terminal."""

    tables: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def carry_out(request: Request, say: Say = lambda _: None) -> Shown:
    """Export, and tell what was compared and written; `say` is told what goes on meanwhile.

    Raises EdgeregError, one line.
    """
    _check(request)
    shown = Shown()
    is_model = (request.source / SPEC_FILE).is_file()
    if request.precision != "fp32":
        _reduce(request, is_model, shown, say)
    elif is_model:
        copy_model(
            load_model(request.source), request.out, request.name, request.version, request.force
        )
    else:
        _show_export(shown, _export(request, request.out, say))
    shown.lines.append(f"Wrote {request.out}")
    written = load_model(request.out)
    shown.lines.extend(_doubts(written))
    if request.triton is not None:
        made = add_to_repository(written, request.triton, force=request.force)
        shown.lines.extend(f"Wrote {folder}" for folder in made)
    return shown


def _check(request: Request) -> None:
    """What must not come out only after minutes of exporting."""
    if request.precision == "int8" and request.calibration is None:
        raise ExportError("INT8 needs --calibration: a video, images or rendered shards")
    if request.batch is not None:
        if request.engine is None:
            raise ExportError("--batch is for an engine that is compiled: --engine tensorrt")
        parse_batch(request.batch)


def _doubts(folder: ModelFolder) -> list[str]:
    """Graphs that the engines of this machine run and TensorRT would not, each with a reason."""
    found = {name: refusals(onnx.load(folder.graph_path(name))) for name in folder.spec.graphs}
    return [
        f"TensorRT would refuse the {name} graph: {lines[0]}"
        + (f" (and {len(lines) - 1} more)" if len(lines) > 1 else "")
        for name, lines in found.items()
        if lines
    ]


def _export(request: Request, out: Path, say: Say) -> Exported:
    """The FP32 model of a checkpoint."""
    measured = request.data is not None and request.precision == "fp32"
    return export_model(
        request.source,
        out,
        Description(request.called, request.version or "1", notes=_notes(request.notes)),
        force=request.force,
        measure=_measure_on(request.data, say) if measured else None,
    )


def _notes(file: Path | None) -> tuple[str, ...]:
    """What the user wants on the model card; ExportError where the file is no text."""
    if file is None:
        return ()
    try:
        return (file.read_text(encoding="utf-8").strip(),)
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"{file}: can't read the notes ({error})") from error


def _reduce(request: Request, is_model: bool, shown: Shown, say: Say) -> None:
    """FP16 or INT8, of a model folder or through a temporary one of a checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        if is_model:
            source = load_model(request.source)
        else:
            exported = _export(request, Path(folder) / request.called, say)
            _show_export(shown, exported)
            source = exported.folder
        assert request.precision != "fp32"  # noqa: S101  (carry_out's condition)
        spec, place = source.spec, request.calibration
        reduction = Reduction(
            precision=request.precision,
            scheme=request.scheme,
            batches=() if place is None else calibration_batches(place, spec),
            measure=_measure_on(request.data, say),
            max_loss=None if request.max_loss is None else request.max_loss / 100,
        )
        version = request.version or spec.version
        done = reduce_model(
            source, request.out, request.called, version, reduction, force=request.force
        )
    _show_reduction(shown, done)


def _measure_on(data: Path | None, say: Say) -> Callable[[ModelFolder], Sequence[Figure]] | None:
    if data is None:
        return None

    def measure(model: ModelFolder) -> Sequence[Figure]:
        from edgereg_training.loop.evaluations import evaluation_of, measure_of

        name = f"Measuring {model.spec.name} in {model.spec.precision.upper()}"
        say(name)
        return measure_of(evaluation_of(model.spec.task))(
            model, data, lambda done, total: say(f"{name}: {done} of {total}")
        )

    return measure


def _show_export(shown: Shown, done: Exported) -> None:
    head = ("graph", "nodes", "output", "largest difference from torch", "of its range")
    rows: list[tuple[str, ...]] = [
        (d.graph, str(done.nodes[d.graph]), d.output, f"{d.largest:.2e}", f"{d.relative:.1e}")
        for d in done.differences
    ]
    shown.tables.append((head, rows))


def _show_reduction(shown: Shown, done: Reduced) -> None:
    head = ("graph", "nodes", "output", "largest difference from FP32", "of its range", "mean")
    rows: list[tuple[str, ...]] = [
        (
            d.graph,
            str(done.nodes[d.graph]),
            d.output,
            f"{d.largest:.2e}",
            f"{d.relative:.1e}",
            f"{d.mean:.1e}",
        )
        for d in done.differences
    ]
    shown.tables.append((head, rows))
    loss = done.loss
    low = done.folder.spec.precision.upper()
    shown.lines.append(
        f"{loss.figure}: {loss.full:.4g} in FP32, {loss.reduced:.4g} in {low}, "
        f"a loss of {loss.share:.2%}"
    )
