"""`edgereg export`: a checkpoint, or a model folder, becomes a model folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click


def _folder(**more: Any) -> click.Path:
    return click.Path(path_type=Path, file_okay=False, **more)


@click.command("export")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("out", type=_folder())
@click.option("--name", help="The model's name (default: the name of OUT).")
@click.option("--version", help="The model's version (default: that of a model folder, or 1).")
@click.option("--target", help="Of a run that learns several (faces): headpose, landmarks or age.")
@click.option(
    "--precision",
    type=click.Choice(["fp32", "fp16", "fp16-weights", "int8"]),
    default="fp32",
    show_default=True,
    help="What the network computes in; energies and decoding stay FP32. fp16-weights: half the "
    "bytes, and computed in FP32.",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path, exists=True),
    help="Video, images or rendered shards from which INT8 takes the ranges of activations.",
)
@click.option(
    "--int8",
    "scheme",
    type=click.Choice(["portable", "cpu"]),
    default="portable",
    show_default=True,
    help="INT8 for any engine, TensorRT included, or the faster one of ONNX Runtime on a CPU.",
)
@click.option(
    "--max-loss",
    type=click.FloatRange(min=0),
    help="Per cent of the task's metric that FP16 or INT8 may lose (default: 1 and 3).",
)
@click.option(
    "--data",
    type=_folder(exists=True),
    help="Rendered test shards: measure the model on them, and write the figures into it.",
)
@click.option(
    "--notes",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Markdown to add to the model card of a checkpoint.",
)
@click.option("--triton", type=_folder(), help="Put OUT's graphs into this Triton repository, too.")
@click.option(
    "--engine",
    type=click.Choice(["tensorrt"]),
    help="Compile OUT's graphs for this machine, too, as `edgereg engines build OUT` does later.",
)
@click.option(
    "--batch",
    metavar="LEAST:USUAL:MOST",
    help="With --engine: images or regions in one run (default: 1:1:16).",
)
@click.option("--force", is_flag=True, help="Replace the model folder OUT.")
def command(**options: Any) -> None:
    """Write the model folder OUT from SOURCE: a training, checkpoint or FP32 model folder.

    Every graph is compared with torch on the same inputs, and a lower precision with FP32; beyond
    the bound nothing is written. Where --engine can't compile (no TensorRT, no GPU), OUT stays, one
    line says what is missing, and the command fails.
    """
    from edgereg_exporters.errors import ExportError

    try:
        from edgereg.engines.tensorrt.build import ROW
        from edgereg_exporters.export import Request, export
        from edgereg_exporters.folder.compiling import compile_folder
    except ImportError as error:
        raise ExportError(
            f"{error.name} is not installed; exporting needs edgereg[export,train]"
        ) from error
    from rich.console import Console

    request = Request(**options)
    with Console(stderr=True).status(f"Exporting {request.source}") as status:
        done = export(request, status.update)
    for table in done.tables:
        show(*table)
    for line in done.lines:
        Console().print(line, soft_wrap=True)
    if request.engine is not None:
        with Console(stderr=True).status("Compiling") as status:
            built = compile_folder(request.out, request.batch, status.update)
        show(ROW, [engine.row() for engine in built])


def show(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table on the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
