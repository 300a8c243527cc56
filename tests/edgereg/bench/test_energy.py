"""Lines of tegrastats and nvidia-smi in their documented formats, and a meter that reads them."""

from __future__ import annotations

import sys
import time

import pytest

from edgereg.bench.energy import Meter, Reading, read_nvidia_smi, read_tegrastats

ORIN_NANO = (
    "11-21-2026 08:15:02 RAM 3182/7620MB (lfb 4x4MB) SWAP 12/3810MB (cached 0MB) CPU "
    "[14%@1510,3%@1510,0%@1510,1%@1510,off,off] EMC_FREQ 2%@2133 GR3D_FREQ 61%@[624] NVDEC off "
    "NVJPG off VIC off OFA off APE 200 cpu@48.4C soc2@47.1C soc0@46.9C gpu@49.2C tj@49.2C "
    "soc1@48C VDD_IN 5883mW/5421mW VDD_CPU_GPU_CV 1520mW/1377mW VDD_SOC 1400mW/1390mW"
)
AGX_ORIN = (
    "RAM 6621/62841MB (lfb 5x4MB) SWAP 0/31420MB (cached 0MB) CPU [2%@729,1%@729] GR3D_FREQ "
    "0%@[0,0] cpu@50C VDD_GPU_SOC 2799mW/2799mW VDD_CPU_CV 399mW/399mW VIN_SYS_5V0 3025mW/3025mW"
)
AGX_THOR = (
    "08-27-2026 10:01:44 RAM 4890/125771MB (lfb 3x4MB) CPU [0%@972,1%@972] GR3D_FREQ 0% "
    "VDD_GPU 0mW/0mW VDD_CPU_SOC_MSS 4742mW/4742mW VIN_SYS_5V0 5529mW/5529mW VIN 21300mW/21000mW"
)
OLD_NANO = (
    "RAM 2130/3956MB (lfb 43x4MB) IRAM 0/252kB(lfb 252kB) CPU [25%@1479,off,off,off] "
    "EMC_FREQ 0% GR3D_FREQ 0% POM_5V_IN 1897/2019 POM_5V_GPU 0/12 POM_5V_CPU 325/380"
)


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        (ORIN_NANO, Reading(5.883, 3182)),
        (AGX_ORIN, Reading(6.223, 6621)),
        (AGX_THOR, Reading(21.3, 4890)),
        (OLD_NANO, Reading(1.897, 2130)),
        ("RAM 100/200MB (lfb 1x4MB)", Reading(None, 100)),
        ("tegrastats: permission denied", Reading(None, None)),
        ("", Reading(None, None)),
    ],
)
def test_tegrastats(line: str, reading: Reading) -> None:
    assert read_tegrastats(line) == reading


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        ("68.31, 412\n", Reading(68.31, 412)),
        ("[N/A], 412", Reading(None, 412)),
        ("[Not Supported], [N/A]", Reading(None, None)),
        ("", Reading(None, None)),
    ],
)
def test_nvidia_smi(line: str, reading: Reading) -> None:
    assert read_nvidia_smi(line) == reading


def test_a_meter_averages_what_it_reads() -> None:
    lines = [ORIN_NANO, ORIN_NANO.replace("VDD_IN 5883", "VDD_IN 7883").replace("3182", "3200")]
    code = f"import time\nfor line in {lines!r}: print(line, flush=True)\ntime.sleep(60)"
    with Meter([sys.executable, "-c", code], read_tegrastats) as meter:
        deadline = time.monotonic() + 30
        while meter.memory_mb != 3200 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert meter.watts == pytest.approx(6.883)
        meter.clear()
        assert meter.watts is None
        assert meter.running


def test_memory_is_told_by_the_first_line_or_not_at_all() -> None:
    code = f"import time\ntime.sleep(0.3)\nprint({ORIN_NANO!r}, flush=True)\ntime.sleep(60)"
    with Meter([sys.executable, "-c", code], read_tegrastats) as meter:
        assert meter.wait_for_memory() == 3182
    with Meter([sys.executable, "-c", "print('No devices were found')"], read_nvidia_smi) as meter:
        start = time.monotonic()
        assert meter.wait_for_memory() is None
        assert time.monotonic() - start < 2.5
        assert not meter.running


def test_a_meter_that_is_not_there_reads_nothing() -> None:
    with Meter(["no-such-program"], read_tegrastats) as meter:
        assert meter.watts is None
        assert meter.memory_mb is None
