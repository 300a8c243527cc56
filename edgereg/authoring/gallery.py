"""A page of the installed tasks: what each says of itself, and how it draws."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from edgereg.assembly import Choice, assemble, load, open_origin
from edgereg.core.errors import EdgeregError
from edgereg.core.files import replace_file
from edgereg.core.kinds import Kind, specs_of
from edgereg.core.regions import Prompt
from edgereg.core.tasks import is_step_task
from edgereg.pipeline.loading import LoadedTask

if TYPE_CHECKING:
    from edgereg.core.tasks import Task
    from edgereg.plugins import Plugins

# Frames before the one that is shown: identities and trackers need a few.
FRAMES = 12
# The longest side of a picture on the page, px.
LONGEST = 640
QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 88)
# Of a value that is a list, such as points, and of the names of several.
MOST_NAMES = 8


def write_gallery(
    plugins: Plugins,
    page: Path,
    source: str | Path,
    sources: Mapping[str, str | Path],
    progress: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Write `page` (Markdown), and beside it `gallery-TASK.jpg` of every task of the plugins.

    source: what tasks run on, sources: for those that need another one, by task. progress: called
    with each task's name. A task that can't run has its reason in the place of a picture; returns
    the names of these. Raises EdgeregError where the page can't be written.
    """
    failed, parts = [], ["# Gallery\n\nEvery task of the installed plugins, on one frame.\n"]
    tasks = plugins.tasks()
    owners = plugins.owners("edgereg_tasks")
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        for name, task in sorted(tasks.items()):
            progress(name)
            picture = page.with_name(f"gallery-{name}.jpg")
            rows: list[str] = []
            try:
                loaded = load(plugins, Choice(tasks=(name,)))
                rows = [*_made(next(each for each in loaded if each.name == name))]
                _write_picture(plugins, task, loaded, sources.get(name, source), picture)
                shown = f"![{_plain(task.title)}]({picture.name})"
            except EdgeregError as error:
                failed.append(name)
                shown = f"No picture: {_plain(str(error))}"
                rows = rows or [f"| model | {_plain(str(error))} |"]
            said = "\n".join([*_facts(task, owners[name], plugins.version(owners[name])), *rows])
            parts.append(f"## {name}\n\n{_plain(task.title)}\n\n{shown}\n\n{said}\n")
        replace_file(page, "\n".join(parts).encode())
    except OSError as error:
        raise EdgeregError(f"{page}: the gallery can't be written: {error.strerror}") from error
    return failed


def _write_picture(
    plugins: Plugins,
    task: Task,
    loaded: Sequence[LoadedTask],
    source: str | Path,
    path: Path,
) -> None:
    """The last of some frames with what the task draws; one that remembers, and stands on no
    other, is pointed at the middle of the first."""
    opened = open_origin(plugins, source, Choice())
    width, height = opened.info.width, opened.info.height
    middle = Prompt((0.4 * width, 0.2 * height, 0.6 * width, 0.6 * height))
    prompts = (middle,) if is_step_task(task) and task.upstream is None else ()
    choice = Choice(tasks=(task.name,), limit=FRAMES, prompts=prompts)
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder) / "%06d.png"]
        assemble(plugins, opened, outputs, choice, tasks=loaded).to_its_end()
        written = sorted(Path(folder).glob("*.png"))
        if not written:
            raise EdgeregError(f"{source}: no frame came")
        image = cv2.imread(str(written[-1]))
    if image is None:
        raise EdgeregError(f"{source}: the picture of '{task.name}' can't be read back")
    scale = min(1.0, LONGEST / max(image.shape[:2]))
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    replace_file(path, cv2.imencode(".jpg", small, QUALITY)[1].tobytes())


def _facts(task: Task, plugin: str, version: str) -> Iterator[str]:
    """The first rows of a table: whose it is, and on what it stands."""
    yield "| | |\n| --- | --- |"
    yield f"| plugin | {plugin} {version} |"
    yield f"| looks at | {f'what `{task.upstream}` finds' if task.upstream else 'the frame'} |"


def _made(loaded: LoadedTask) -> Iterator[str]:
    """The last rows: what it gives, and its model."""
    yield f"| gives | {'; '.join(_described(kind) for kind in loaded.kinds)} |"
    if loaded.spec is not None:
        spec = loaded.spec
        about = f"{spec.name} {spec.version}, {spec.method}; {spec.licence}"
        yield f"| model | {_plain(about)} |"


def _described(kind: Kind) -> str:
    """`Angles: yaw, pitch, roll (degree)`."""
    specs = specs_of([kind])
    names = ", ".join(spec.name for spec in specs[:MOST_NAMES])
    more = f" and {len(specs) - MOST_NAMES} more" if len(specs) > MOST_NAMES else ""
    units = ", ".join(sorted({spec.unit for spec in specs} - {""}))
    return _plain(f"{type(kind).__name__}: {names}{more}" + (f" ({units})" if units else ""))


def _plain(text: str) -> str:
    """In one cell of a table, and without mark-up of a plugin's own."""
    return " ".join(text.split()).translate({ord(c): f"\\{c}" for c in "|<>[]`*_"})
