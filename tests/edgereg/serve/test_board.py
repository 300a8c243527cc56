"""Sensors of boards, as their kernels show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgereg.serve.board import Reading, readings


def tree(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{content}\n")
    return folder


def test_a_machine_without_sensors_reports_nothing(tmp_path: Path) -> None:
    assert readings(tmp_path) == []


def test_zones_and_the_ina3221_of_a_jetson(tmp_path: Path) -> None:
    found = readings(
        tree(
            tmp_path,
            {
                "class/thermal/thermal_zone0/type": "cpu-thermal",
                "class/thermal/thermal_zone0/temp": 48250,
                "class/thermal/thermal_zone1/type": "gpu-thermal",
                "class/thermal/thermal_zone1/temp": 51500,
                "class/thermal/thermal_zone2/type": "cv0-thermal",
                "class/thermal/thermal_zone2/temp": -256000,
                "class/hwmon/hwmon1/name": "ina3221",
                "class/hwmon/hwmon1/in1_label": "VDD_IN",
                "class/hwmon/hwmon1/in1_input": 5000,
                "class/hwmon/hwmon1/curr1_input": 1200,
                "class/hwmon/hwmon1/in2_label": "VDD_SOC",
                "class/hwmon/hwmon1/in2_input": 5000,
                "class/hwmon/hwmon1/in7_input": 32,
            },
        )
    )
    assert found == [
        Reading("cpu", "temperature", 48.25),
        Reading("gpu", "temperature", 51.5),
        Reading("VDD_IN", "power", 6.0),
    ]


def test_an_older_jetson_and_a_pc(tmp_path: Path) -> None:
    device = "bus/i2c/drivers/ina3221x/6-0040/iio:device0"
    old = tree(
        tmp_path / "old", {f"{device}/rail_name_0": "POM_5V_IN", f"{device}/in_power0_input": 2310}
    )
    assert readings(old) == [Reading("POM_5V_IN", "power", 2.31)]
    pc = tree(
        tmp_path / "pc",
        {
            "class/hwmon/hwmon0/name": "k10temp",
            "class/hwmon/hwmon0/temp1_input": 39125,
            "class/hwmon/hwmon0/temp1_label": "Tctl",
            "class/hwmon/hwmon1/name": "amdgpu",
            "class/hwmon/hwmon1/power1_average": 11_000_000,
            "class/hwmon/hwmon2/name": "broken",
            "class/hwmon/hwmon2/temp1_input": "",
        },
    )
    assert readings(pc) == [
        Reading("Tctl", "temperature", 39.125),
        Reading("amdgpu power1", "power", 11.0),
    ]
