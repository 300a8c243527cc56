"""The staged runner: every step in a thread of its own, bounded queues between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Literal

from edgereg.core.errors import EdgeregError, SourceError, one_line
from edgereg.core.settings import Settings
from edgereg.pipeline.channel import Channel
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.memo import Memo
from edgereg.pipeline.sequential import close_all
from edgereg.pipeline.stats import Meter, Report, Stats
from edgereg.pipeline.steps import Painter, Recogniser, Step, Work, plan
from edgereg.pipeline.transport import Transport
from edgereg.sinks.base import Sink
from edgereg.sources.base import Source

Mode = Literal["every", "latest"]

# Outputs may take long to close; for any other stage, that hangs in a library, nobody waits.
STUCK_S = 1.0


class StagedPipeline:
    """Runs a source through tasks into sinks, all stages at once.

    mode: 'every' frame in order (files), or 'latest' frame wins (cameras): a frame that comes
    while the first stage is still busy replaces the one that waits, and the loss is counted.
    hold_at_end: at the end of the source wait for a seek instead of ending (for a window).
    recognise: gives tracks numbers that outlast jumps. memo: spares models frames that they know.
    The pipeline owns the source and the sinks and closes them when it ends. One use only.
    """

    def __init__(
        self,
        source: Source,
        tasks: Sequence[LoadedTask],
        sinks: Sequence[Sink] = (),
        *,
        painter: Painter | None = None,
        mode: Mode = "every",
        settings: Settings | None = None,
        guard: Guard | None = None,
        queue_size: int = 4,
        hold_at_end: bool = False,
        recognise: Recogniser | None = None,
        memo: Memo | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.guard = guard or Guard()
        self._source = source
        self._sinks = tuple(sinks)
        self._steps = plan(tasks, self.settings, self.guard, painter, recognise, memo)
        self._meter = Meter(("decode", *(step.name for step in self._steps), "write"))
        self._transport = Transport(source, hold_at_end=hold_at_end)
        self._every = mode == "every"
        size = queue_size if self._every else 1
        self._channels: list[Channel[Work]] = [
            Channel(size, latest=not self._every and position == 0)
            for position in range(len(self._steps) + 1)
        ]
        self._error: Exception | None = None
        self._threads = self._make_threads()

    def _make_threads(self) -> list[threading.Thread]:
        """Decode, each step, and write, joined by the channels."""
        pairs = zip(self._steps, self._channels, self._channels[1:], strict=False)
        return [
            threading.Thread(target=self._decode, name="decode", daemon=True),
            *(
                threading.Thread(target=self._stage, args=trio, name=trio[0].name, daemon=True)
                for trio in pairs
            ),
            threading.Thread(target=self._write, name="write", daemon=True),
        ]

    def start(self) -> None:
        """Start all stages; returns at once."""
        for thread in self._threads:
            thread.start()

    def pause(self) -> None:
        """Deliver no further frames until `resume`; `seek` still delivers the frame sought."""
        self._transport.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._transport.resume()

    def seek(self, index: int) -> int:
        """Go on with frame `index`; returns the generation of its result and of all that follow.

        Results of earlier generations no longer come out, but for one that may be on its way.

        Raises SourceError where the source can't be searched. An index outside the source ends
        the run, since only reading tells.
        """
        if not self._source.info.seekable:
            name = self._source.info.name
            raise SourceError(f"{name}: has no past; it can't go to frame {index}")
        generation = self._transport.seek(index)
        for channel in self._channels:
            # The frame sought may be in there already.
            channel.discard(lambda work: work.generation < generation)
        return generation

    def stop(self, timeout_s: float = 5.0) -> Report:
        """End now: frames on their way are lost, what was written stays whole.

        Also ends a pipeline that was never started, and one that has ended.
        """
        self._transport.stop()
        for channel in self._channels:
            channel.close()
        self._source.close()  # wakes a decoder that waits for a camera
        writer = self._threads[-1]
        if writer.ident is None:
            self._error = close_all(self._sinks, self._error)
        else:
            writer.join(timeout_s)
        return self.wait(min(timeout_s, STUCK_S))

    def wait(self, timeout_s: float | None = None) -> Report:
        """Wait for the end, at most `timeout_s` seconds, and report; `running` tells which."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return self.report()

    def run(self) -> Report:
        """Start, and wait for the end."""
        self.start()
        return self.wait()

    @property
    def running(self) -> bool:
        """Whether any stage is still at work."""
        return any(thread.is_alive() for thread in self._threads)

    def stats(self) -> Stats:
        """Times, rate and drops so far; any thread may ask."""
        return self._meter.stats(self._channels[0].dropped)

    @property
    def frames(self) -> int:
        """Results written so far."""
        return self._meter.frames

    @property
    def dropped(self) -> int:
        """Frames that came too fast."""
        return self._channels[0].dropped

    def report(self) -> Report:
        """Everything about the run so far."""
        return Report(
            self.stats(),
            self.guard.counts,
            self.guard.switched_off,
            tuple(self._source.warnings),
            self._error,
        )

    def _fail(self, error: BaseException) -> None:
        """Keep the first error; the caller raises or shows it.

        A plugin's source or sink that leaves the program ends this run only.
        """
        if self._error is None:
            left = EdgeregError(f"ended by {one_line(error)}")
            self._error = error if isinstance(error, Exception) else left

    def _abort(self, error: BaseException) -> None:
        self._fail(error)
        self._transport.stop()
        for channel in self._channels:
            channel.close()

    def _decode(self) -> None:
        """First stage: frames from the source. Its failure lets the rest finish what came."""
        first = self._channels[0]
        try:
            while self._transport.ready():
                with self._meter.time("decode"):
                    work = self._transport.next()
                    if work is not None and self._every:
                        work.frame.develop()
                if work is not None and not first.put(work):
                    break
        except BaseException as error:  # a thread's error must reach the report
            if not self._transport.stopped:  # a source that was closed meanwhile may complain
                self._fail(error)
        finally:
            first.end()
            self._source.close()

    def _stage(self, step: Step, before: Channel[Work], after: Channel[Work]) -> None:
        """One step in the middle."""
        try:
            while (work := before.get()) is not None:
                with self._meter.time(step.name):
                    work.frame.develop()  # where the latest frame wins, only now
                    step.run(work)
                if not after.put(work):
                    break
        except BaseException as error:  # a thread's error must reach the report
            self._abort(error)
        finally:
            after.end()

    def _write(self) -> None:
        """Last stage: results into the sinks, which are closed whatever happens."""
        last = self._channels[-1]
        try:
            while (work := last.get()) is not None:
                if work.generation != self._transport.generation:
                    continue
                result = work.result()
                with self._meter.time("write"):
                    for sink in self._sinks:
                        sink.write(result)
                self._meter.frame_done(time.perf_counter() - work.since)
        except BaseException as error:  # a thread's error must reach the report
            self._abort(error)
        finally:
            self._error = close_all(self._sinks, self._error)
