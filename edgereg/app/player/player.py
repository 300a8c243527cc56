"""The player: a source, its pipeline and the buttons that act on them, as one small machine."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from edgereg.app.player.aim import Aim
from edgereg.app.player.background import Job
from edgereg.app.player.catalogue import detectors_of
from edgereg.app.player.gate import Gate
from edgereg.app.player.mailbox import Mailbox
from edgereg.app.player.people import People
from edgereg.app.player.previews import Preview, Previews
from edgereg.app.player.record import Record
from edgereg.app.player.recording import Recording, Take
from edgereg.app.player.request import Request, open_request
from edgereg.app.player.state import State
from edgereg.app.player.watched import NOTHING, WatchedSource
from edgereg.assembly import Choice, make_pipeline, run_info
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.core.settings import Settings
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedStepTask, LoadedTask
from edgereg.pipeline.memo import Memo
from edgereg.pipeline.staged import StagedPipeline
from edgereg.pipeline.stats import Report
from edgereg.plugins import Plugins, built_in
from edgereg.sources.base import Source

_POLL_MS = 100
# Percentiles of all stages take a while, and nobody reads them faster.
_REPORT_S = 1.0
_MOST_PASSED = 1000
_NO_PIXELS = np.zeros((0, 0, 3), np.uint8)


@dataclass
class _Run:
    """One opened source with its pipeline."""

    source: WatchedSource
    pipeline: StagedPipeline
    gate: Gate
    told: tuple[SourceInfo, float]
    warnings: int = 0
    report_due: float = 0.0


class Player(QObject):
    """Opens sources and plays them through the tasks; never waits for any of them.

    people, record: who and what was found so far in the source; memo: what models found, for which
    they are not asked again. prepare: called with every result in the pipeline's thread, before it
    is shown. recording: what is recorded of a camera or stream.

    Signals: `state_changed(State)`, `renewed()`: all that was known was of another source;
    `opened(SourceInfo)`, `measured(SourceInfo)`: more is known of it, its length above all;
    `shown(FrameResult)`: the latest result; `passed(list[FrameResult])`: all since the last time,
    in order and without pixels, for pictures may be lost on the way to a busy window;
    `previewed(image)`: a small picture near the frame that is wanted, until its result is shown;
    `learnt()`: more is known than was shown; `recording_changed()`: what is shown is recorded from
    now on, or no longer;
    `polled(Report)`: about once a second while something is open; `failed(str)`, `warned(str)`.
    """

    state_changed = Signal(object)
    renewed = Signal()
    opened = Signal(object)
    measured = Signal(object)
    passed = Signal(object)
    shown = Signal(object)
    previewed = Signal(object)
    learnt = Signal()
    recording_changed = Signal()
    polled = Signal(object)
    failed = Signal(str)
    warned = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = Settings()
        self.people, self.record, self.memo = People(), Record(), Memo()
        self.prepare: Callable[[FrameResult], None] = lambda _: None
        self.state = State.EMPTY
        self.request: Request | None = None
        self.current: FrameResult | None = None
        self.recording: Recording | None = None
        self._tasks: Sequence[LoadedTask] | None = None
        self._beside: LoadedTask | None = None
        self.plugins = built_in()
        self._run: _Run | None = None
        self._job: Job | None = None
        self._start_at: int | None = None
        self._holds = False
        self._aim = Aim()
        self._generation = 0
        self._anew = -1, -1
        self._pace = 1.0, False
        self._glimpsed: int | None = None
        self._mailbox = Mailbox(self)
        self._mailbox.arrived.connect(self._show)
        self._previews = Previews(self)
        self._previews.came.arrived.connect(self._show_preview)
        self._passed: deque[FrameResult] = deque(maxlen=_MOST_PASSED)
        self._leaving: list[StagedPipeline] = []
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def info(self) -> SourceInfo | None:
        """Facts of the open source."""
        return self._run.source.info if self._run else None

    @property
    def tasks(self) -> Sequence[LoadedTask]:
        """The tasks, none before they are loaded."""
        return self._tasks or ()

    @property
    def computed(self) -> Sequence[LoadedTask]:
        """The tasks, and what is computed beside them."""
        return self.tasks if self._beside is None else (*self.tasks, self._beside)

    @property
    def seekable(self) -> bool:
        """Whether the open source can be scrubbed."""
        return bool(self._run and self._run.source.info.seekable)

    @property
    def guard(self) -> Guard | None:
        """What watches over the tasks of the open source."""
        return self._run.pipeline.guard if self._run is not None else None

    @property
    def index(self) -> int:
        """The frame wanted last: the one that is shown, or will be as soon as it is there."""
        if self._aim.wanted is not None:
            return self._aim.wanted
        return self.current.index if self.current is not None else 0

    @property
    def duration_s(self) -> float:
        """Length of the open source by its frames' own times, as far as known; 0: it is endless."""
        count = self.info.frame_count if self.info is not None else None
        return self.time_of(count) if count else 0.0

    def time_of(self, index: int) -> float:
        """The time of a frame in seconds, as far as known."""
        return self._run.source.time_of(index) if self._run is not None else 0.0

    def use(
        self, tasks: Sequence[LoadedTask], plugins: Plugins, choice: Choice | None = None
    ) -> None:
        """Give the tasks, once they are loaded; what was asked for before is opened now, and what
        is open goes on with them."""
        choice, before = choice or Choice(), {each.name: each for each in self.tasks}
        same = {each.name for each in tasks if each is before.get(each.name)}
        for name in before.keys() - same:
            self.record.forget_task(name)
        if before.keys() != same:
            self.memo = Memo()
        self._tasks, self.plugins = tuple(tasks), plugins
        chosen = choice.settings(plugins)
        steady = plugins.filters()["smooth"]
        self.settings.filters = (steady, *(each for each in chosen.filters if each is not steady))
        self.settings.track, self.settings.detect_every = chosen.track, chosen.detect_every
        if self.state is State.OPENING:
            self._open_source()
        elif self._run is not None:
            self.reopen()

    def compute_beside(self, task: LoadedTask | None) -> None:
        """Compute a task beside the others, undrawn; its name has been no other's before."""
        if self._beside is not None:
            self.record.forget_task(self._beside.name)
        self._beside = task
        self.settings.hidden = frozenset() if task is None else frozenset({task.name})
        if self._run is not None:
            self.reopen()

    def begin_recording(self, take: Take) -> None:
        """Write what is shown from now on, until `end_recording` or another source."""
        if self._run is not None:
            self.end_recording()
            info = run_info(self._run.source, self.computed)
            self.recording = Recording(self.plugins, info, take)
            self.recording_changed.emit()

    def end_recording(self) -> None:
        """Finish what is recorded, in the background."""
        if self.recording is not None:
            self.recording.stop()
            self.recording = None
            self.recording_changed.emit()

    def open(self, request: Request, start_at: int | None = None) -> None:
        """Close what is open and open a source; it plays from frame `start_at` on."""
        self.close()
        if request != self.request:
            self.people.forget()
            self.record.forget()
            self.memo = Memo()
            self.renewed.emit()
        self.request, self._start_at, self._holds = request, start_at, False
        self._become(State.OPENING)
        if self._tasks is not None:
            self._open_source()

    def reopen(self) -> None:
        """Open the same source again, at the same frame, with tasks switched on again."""
        if self.request is not None:
            at_frame = self.seekable and self.state in (State.PLAYING, State.PAUSED)
            holds = self.seekable and self.state is State.PAUSED
            self.open(self.request, self.index if at_frame else None)
            self._holds = holds

    def close(self) -> None:
        """Stop and forget the source; returns at once."""
        self.end_recording()
        if self._job is not None:
            self._job.abandon()
            self._job = None
        if self._run is not None:
            self._run.gate.close()
            self._run.pipeline.stop(timeout_s=0.0)
            self._leaving = [p for p in (*self._leaving, self._run.pipeline) if p.running]
            self._run = None
        self._timer.stop()
        self._mailbox.clear()
        self._passed.clear()
        self._aim.forget()
        self._previews.use(None)
        self._generation = 0
        self.current = self._glimpsed = None
        self._become(State.EMPTY)

    def wait_closed(self, timeout_s: float) -> None:
        """Wait until the stages of all closed sources have ended: the process may end then."""
        deadline = time.monotonic() + timeout_s
        for pipeline in self._leaving:
            pipeline.wait(max(deadline - time.monotonic(), 0.0))

    def play(self) -> None:
        """Go on; from the start if the end was reached, anew if the source failed."""
        if self.state is State.FAILED:
            self.reopen()
        if self._run is None or self.state not in (State.PAUSED, State.ENDED):
            return
        if not self._run.pipeline.running:
            self.reopen()
            return
        if self.state is State.ENDED:
            self._go_to(0)
        elif self.seekable and self._skips() and not self._aim.flying:
            self._go_to(self.index + 1)
        elif not self._aim.flying:
            self._aim.forget()
        self._run.gate.play()
        self._run.pipeline.resume()
        self._become(State.PLAYING)

    def pause(self) -> None:
        """Hold the picture."""
        if self._run is not None and self.state is State.PLAYING:
            self._run.gate.hold()
            if self._skips():
                self._run.pipeline.pause()
            self._become(State.PAUSED)

    def step(self, frames: int) -> None:
        """Pause and move by some frames from the one wanted last, be it shown already or not."""
        self.pause()
        if not self.seekable or self._run is None:
            return
        target = self._inside(self.index + frames)
        ahead = frames == 1 and target > self.index and not self._aim.flying
        if ahead and not self._skips() and self.state is State.PAUSED:
            self._aim.wanted = target
            self._run.pipeline.resume()
            self._run.gate.step()
        else:
            self.seek(target)

    def seek(self, index: int) -> None:
        """Show frame `index` (clipped to the source) and stay paused or playing."""
        if not self.seekable or self._run is None:
            return
        if self.state is State.ENDED:
            self._become(State.PAUSED)
        self._go_to(index)

    def set_pace(self, speed: float, *, keeps_up: bool = False) -> None:
        """How fast recordings play, see `Gate.set_pace`; kept for those opened later."""
        self._pace = speed, keeps_up
        if self._run is not None:
            self._run.gate.set_pace(speed, keeps_up=keeps_up)

    def seek_time(self, time_s: float) -> None:
        """As `seek`, to the frame nearest to a time in seconds."""
        if self._run is not None:
            self.seek(self._run.source.frame_at(time_s))

    def refresh(self) -> None:
        """Settings have changed: run the tasks on the standing picture again."""
        if self.seekable and self.state in (State.PAUSED, State.ENDED) and self.current is not None:
            self._go_to(self.index, anew=True)

    def compute_anew(self) -> None:
        """Ask the models once more for the standing picture, once only."""
        result = self.current
        stands = result is not None and self.state in (State.PAUSED, State.ENDED)
        if result is not None and stands and (result.index, self._generation) != self._anew:
            self.memo.forget(result.index)
            self.refresh()
            self._anew = result.index, self._generation

    def _open_source(self) -> None:
        if self.request is None:
            return
        call = partial(open_request, self.plugins, self.request)
        self._job = Job(call, lambda source: source.close(), self)
        self._job.done.connect(self._start)
        self._job.failed.connect(self._fail)
        self._job.start()

    def _start(self, source: Source) -> None:
        gate = Gate(self._pass, paced=not source.info.live)
        gate.set_pace(self._pace[0], keeps_up=self._pace[1])
        limit = None if self.request is None else self.request.limit
        watched = WatchedSource(source, gate.admits, limit)
        self.people.begin_run(returns=source.info.seekable)
        staged = make_pipeline(
            watched,
            self.computed,
            [gate],
            settings=self.settings,
            queue_size=2,
            hold_at_end=source.info.seekable,
            whose=self.plugins.foreign("edgereg_tasks"),
            recognise=self.people.recognise,
            memo=self.memo if source.info.seekable else None,
        )
        self._job, self._run = None, _Run(watched, staged, gate, (source.info, 0.0))
        if source.info.seekable and (self._start_at or self._holds):
            self._go_to(self._start_at or 0)
        self._previews.use(watched.glances())
        if self._holds:
            staged.pause()
        else:
            gate.play()
        staged.start()
        self._timer.start()
        self._become(State.PAUSED if self._holds else State.PLAYING)
        self.opened.emit(source.info)

    def _go_to(self, index: int, *, anew: bool = False) -> None:
        """Jump to a frame as soon as the jump that is on its way has arrived."""
        self._jump(self._aim.ask(self._inside(index), anew=anew))
        if not anew:
            self._previews.ask(self.index)

    def _jump(self, index: int | None) -> None:
        if self._run is None or index is None:
            return
        self._mailbox.clear()
        if self.state is State.PAUSED:
            # Frames that are read ahead would keep the next jump waiting.
            self._run.pipeline.pause()
        self._generation = self._run.pipeline.seek(index)
        self._run.gate.jump(self._generation)

    def _inside(self, index: int) -> int:
        """The frame of the source that is nearest to an index, as far as its length is known."""
        count = None
        if self._run is not None:
            last, count = self._run.source.last_index, self._run.source.info.frame_count
            count = count if last is None or last < 0 else last + 1
        return max(index, 0) if count is None else min(max(index, 0), count - 1)

    def _skips(self) -> bool:
        return bool(self._run and self._run.source.info.live)

    def note_objects(self, result: FrameResult) -> None:
        """Take up what tasks follow by themselves; in a pipeline's thread."""
        for task in self._tasks or ():
            found = result.predictions.get(task.name)
            if found is not None and isinstance(task, LoadedStepTask):
                self.people.note(task.name, result.image, found)

    def _pass(self, result: FrameResult) -> None:
        """In the pipeline's thread: hand a result over."""
        self.note_objects(result)
        if (recording := self.recording) is not None:
            recording.write(result)
        self._passed.append(replace(result, image=_NO_PIXELS, picture=None, marks=()))
        self.prepare(result)
        self._mailbox.put(result)

    def _show(self, result: FrameResult) -> None:
        if self._run is None or result.generation < self._generation:
            return
        self.current, self._glimpsed = result, None
        # Before anybody is told, who may want to go somewhere else.
        if self._aim.flying:
            self._jump(self._aim.arrive())
        elif result.index == self._aim.wanted:
            self._aim.forget()
        results = [self._passed.popleft() for _ in range(len(self._passed))]
        self._take_up(results)
        self.passed.emit(results)
        self.shown.emit(result)

    def learn(self, results: Sequence[FrameResult]) -> None:
        """Take up results of this source that were computed elsewhere, and are not shown."""
        if results:
            self._take_up(results)
            self.learnt.emit()

    def _take_up(self, results: Sequence[FrameResult]) -> None:
        for each in results:
            self.record.add(each)
        for detector, given_up, kept in self.people.take_merges():
            self.record.rename(detectors_of(self.computed), detector, given_up, kept)

    def _show_preview(self, preview: Preview) -> None:
        """Show a preview where it is nearer to what is wanted than what is shown."""
        if self._aim.wanted is None or self.current is None:
            return
        shown = self._glimpsed if self._glimpsed is not None else self.current.index
        if abs(preview.index - self._aim.wanted) < abs(shown - self._aim.wanted):
            self._glimpsed = preview.index
            self.previewed.emit(preview.image)

    def _poll(self) -> None:
        run = self._run
        if run is None:
            return
        if self.recording is not None and self.recording.state.ended:
            self.end_recording()
        known = run.source.info, self.duration_s
        if known != run.told:
            run.told = known
            self.measured.emit(run.source.info)
        ended = not run.pipeline.running
        if ended or run.report_due < time.monotonic():
            self._report(run)
        last_index = run.source.last_index
        if ended:
            self._finish(run.pipeline.report())
        elif self._aim.flying:
            # Where nothing can be decoded, no picture will come.
            if last_index == NOTHING:
                self._jump(self._aim.arrive())
        elif self.state is State.PLAYING and self._at_end(last_index):
            run.gate.hold()
            self._become(State.ENDED)
        elif last_index is not None and self.index > last_index:
            # A step beyond an end that was not known yet.
            self._aim.forget()
            run.gate.hold()

    def _report(self, run: _Run) -> None:
        run.report_due = time.monotonic() + _REPORT_S
        report = run.pipeline.report()
        for text in report.warnings[run.warnings :]:
            self.warned.emit(text)
        run.warnings = len(report.warnings)
        self.polled.emit(report)

    def _at_end(self, last_index: int | None) -> bool:
        return last_index is not None and (last_index == NOTHING or self.index >= last_index)

    def _finish(self, report: Report) -> None:
        self._timer.stop()
        self._aim.forget()
        self.end_recording()
        if report.error is not None:
            self._fail(str(report.error))
        else:
            self._become(State.ENDED)

    def _fail(self, reason: str) -> None:
        self._timer.stop()
        self._become(State.FAILED)
        self.failed.emit(reason)

    def _become(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)
