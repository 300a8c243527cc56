"""Messages on disk, in order, until they are delivered."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason

log = logging.getLogger(__name__)

# Rows that are looked at together where old ones must go.
CHUNK = 500
_TABLES = """
create table if not exists messages (
    id integer primary key autoincrement, source text not null, body text not null,
    size integer not null);
create table if not exists facts (name text primary key, value text not null);
insert or ignore into facts values ('stream', '{stream}'), ('lost', '0'), ('sent', '0');
"""


@dataclass(frozen=True)
class Queued:
    """A message in the queue. number: its id, above that of every message before it."""

    number: int
    source: str
    body: str


class DiskQueue:
    """A bounded queue that outlives the process and a power cut (SQLite, write-ahead log).

    What `put` returned from is on the disk. Ids are never used twice in a `stream`, the random name
    that the queue got when its file was made. Any thread may call anything.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        """Open, or make. A damaged file is put aside. Raises EdgeregError where it can't be."""
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._taken_to = 0
        # What has arrived; the disk may know of less, where it was full.
        self._done_to = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._database = _opened(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                aside = path.with_name(f"{path.name}.damaged")
                log.warning("%s: %s; it is now %s, and a new one begins", path, error, aside.name)
                path.replace(aside)
                for ending in ("-wal", "-shm"):
                    path.with_name(path.name + ending).unlink(missing_ok=True)
                self._database = _opened(path)
        except (OSError, sqlite3.Error) as error:
            raise EdgeregError(f"{path}: the queue can't be opened: {reason(error)}") from error
        self.stream = str(self._fact("stream"))
        self.lost, self.sent = int(self._fact("lost")), int(self._fact("sent"))
        self._waiting, self._bytes = self._database.execute(
            "select count(*), coalesce(sum(size), 0) from messages"
        ).fetchone()

    @property
    def waiting(self) -> int:
        """Messages that are not delivered yet."""
        return int(self._waiting)

    def put(self, messages: Sequence[tuple[str, str]]) -> None:
        """Append (source, body) of each; beyond the bound the oldest are lost, and counted.

        Raises sqlite3.Error where the disk can't take them; the queue is then as it was.
        """
        with self._lock:
            rows = [(source, body, len(body.encode())) for source, body in messages]
            new = sum(size for _, _, size in rows)
            skipped = 0
            while new > self._limit:
                new -= rows[skipped][2]
                skipped += 1
            rows = rows[skipped:]
            over = self._bytes + new - self._limit
            gone, freed = self._oldest(over) if over > 0 else ([], 0)
            with self._database:
                self._database.executemany("delete from messages where id = ?", gone)
                self._database.executemany(
                    "insert into messages (source, body, size) values (?, ?, ?)", rows
                )
                self._note(lost=self.lost + skipped + len(gone))
            self.lost += skipped + len(gone)
            self._waiting += len(rows) - len(gone)
            self._bytes += new - freed

    def _oldest(self, over: int) -> tuple[list[tuple[int]], int]:
        """Ids of the oldest messages that are not under way, `over` bytes of them, and how many
        bytes they have."""
        gone: list[tuple[int]] = []
        freed, after = 0, self._taken_to
        while freed < over:
            rows = self._database.execute(
                "select id, size from messages where id > ? order by id limit ?", (after, CHUNK)
            ).fetchall()
            if not rows:
                break
            for number, size in rows:
                if freed < over:
                    gone.append((number,))
                    freed += size
            after = rows[-1][0]
        return gone, freed

    def first(self, count: int) -> list[Queued]:
        """The oldest messages, at most so many; they stay until `done`, or are asked for again.

        Those that are done are never given again, also where the disk could not take that yet.
        """
        with self._lock:
            rows = self._database.execute(
                "select id, source, body from messages where id > ? order by id limit ?",
                (self._done_to, count),
            ).fetchall()
            self._taken_to = rows[-1][0] if rows else 0
        return [Queued(*row) for row in rows]

    def done(self, number: int, *, sent: bool = True) -> None:
        """Forget the messages up to this id. sent: they arrived, and are counted so.

        Raises sqlite3.Error where the disk can't take it; the next call forgets them too.
        """
        with self._lock:
            self._done_to = max(self._done_to, number)
            gone, freed = self._database.execute(
                "select count(*), coalesce(sum(size), 0) from messages where id <= ?", (number,)
            ).fetchone()
            with self._database:
                self._database.execute("delete from messages where id <= ?", (number,))
                self._note(sent=self.sent + gone * sent, lost=self.lost + gone * (not sent))
            self.sent += gone * sent
            self.lost += gone * (not sent)
            self._waiting -= gone
            self._bytes -= freed
            self._taken_to = 0

    def close(self) -> None:
        """Close; what waits is there again at the next start."""
        with self._lock:
            self._database.close()

    def _fact(self, name: str) -> str:
        row = self._database.execute("select value from facts where name = ?", (name,)).fetchone()
        return str(row[0])

    def _note(self, **facts: int) -> None:
        rows = [(str(value), name) for name, value in facts.items()]
        self._database.executemany("update facts set value = ? where name = ?", rows)


def _opened(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.Error."""
    database = sqlite3.connect(path, timeout=5, check_same_thread=False)
    try:
        database.execute("pragma journal_mode = wal")
        # A message is sent only once it would survive a power cut; else its id could be given to
        # another one afterwards.
        database.execute("pragma synchronous = full")
        database.executescript(_TABLES.format(stream=secrets.token_hex(6)))
        if database.execute("pragma quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("is damaged")
    except BaseException:
        database.close()
        raise
    return database
