"""The broker away for two minutes: nothing lost within the bound, the rest counted.

    python -m benchmarks.serve.broker [--away 120]

Two sources to a Mosquitto that is killed and comes back, over two deliveries: one whose queue holds
all that comes meanwhile, and one whose queue does not. Ends with 1 where the first lost a message,
the second another number than it says, or either gave one twice or out of order.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.serve.cameras import remade
from benchmarks.serve.listening import Broker, Listener
from benchmarks.serve.served import serving, until
from edgereg.demo.clip import CLIP

FPS = 4.0
BEFORE_S = 10.0
SMALL_MB = 0.05


def main() -> int:
    """Let the broker go away and come back, and judge what arrived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--away", type=float, default=120.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return _away(Path(scratch), given.away)


def _away(folder: Path, seconds: float) -> int:
    clip = remade(CLIP, folder / "slow.mp4", FPS)
    broker = Broker(folder)
    broker.start()
    roomy, small = Listener(broker.port, "roomy/#"), Listener(broker.port, "small/#")
    to: dict[str, Any] = {"to": "mqtt", "host": "127.0.0.1", "port": broker.port}
    config = {
        "sources": {
            name: {"source": str(clip), "loop": True, "tasks": ["detection"]} for name in ("a", "b")
        },
        "deliver": {
            "roomy": {**to, "topic": "roomy/{source}"},
            "small": {**to, "topic": "small/{source}", "queue_megabytes": SMALL_MB},
        },
    }
    with serving(folder, config) as served:
        until(lambda: len(roomy.ids) > 5 and len(small.ids) > 5, 120, "first messages")
        time.sleep(BEFORE_S)
        broker.stop()
        print(f"broker gone after {len(roomy.ids)} and {len(small.ids)} messages", flush=True)
        time.sleep(seconds)
        waiting = {each["name"]: each["waiting"] for each in served.deliveries()}
        print(f"waiting after {seconds:g} s: {waiting}", flush=True)
        broker.start()
        took = until(
            lambda: all(each["waiting"] <= 5 and each["sent"] for each in served.deliveries()),
            120,
            "the queues' end",
        )
        print(f"all delivered {took:.1f} s after the broker came back")
        time.sleep(2)
        lost = {each["name"]: each["lost"] for each in served.deliveries()}
    broker.stop()
    bad = 0
    for name, listener in (("roomy", roomy), ("small", small)):
        gaps = listener.missing()
        print(
            f"{name}: {len(listener.ids)} messages, {listener.twice} twice, {gaps} missing, "
            f"{lost[name]} said to be lost, {listener.disordered} out of order"
        )
        bad += gaps != lost[name] or listener.disordered > 0
    return int(bad > 0 or lost["roomy"] > 0 or lost["small"] == 0)


if __name__ == "__main__":
    sys.exit(main())
