"""However many threads allocate, there are few heaps."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import ctypes, sys, threading
from edgereg.serve.arenas import keep_few

if sys.argv[2] == "few":
    keep_few()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p
barrier = threading.Barrier(12)

def work():
    barrier.wait()
    libc.malloc(1000)
    barrier.wait()

threads = [threading.Thread(target=work) for _ in range(12)]
[each.start() for each in threads]
[each.join() for each in threads]
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
@pytest.mark.parametrize("how", ["few", "as ever"])
def test_threads_share_few_heaps(tmp_path: Path, how: str) -> None:
    told = tmp_path / "malloc.xml"
    without = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    subprocess.run([sys.executable, "-c", CODE, str(told), how], check=True, env=without)
    heaps = told.read_text().count("<heap nr=")
    assert heaps <= 2 if how == "few" else heaps > 2
