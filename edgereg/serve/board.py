"""How warm the board is and what it draws, where its system says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SYSTEM = Path("/sys")
# Colder and hotter than any board that still runs: such zones are switched off.
_COLDEST, _HOTTEST = -40.0, 150.0


@dataclass(frozen=True)
class Reading:
    """One sensor: `value` in degrees Celsius or watts."""

    name: str
    kind: Literal["temperature", "power"]
    value: float


def readings(system: Path = SYSTEM) -> list[Reading]:
    """What the kernel reports now; none where it reports nothing (most virtual machines).

    Temperatures come from thermal zones, or where there are none from hwmon. Powers come from
    hwmon's meters, such as the INA3221 of Jetson boards: as power, or as voltage and current; and
    from the files that older Jetson systems have in their place.
    """
    zones = list(_zones(system))
    chips = sorted((system / "class" / "hwmon").glob("hwmon*"))
    hwmon = [each for chip in chips for each in _chip(chip)]
    temperatures = zones or [each for each in hwmon if each.kind == "temperature"]
    powers = [each for each in hwmon if each.kind == "power"] or list(_old_jetson(system))
    return [*temperatures, *powers]


def _zones(system: Path) -> Iterator[Reading]:
    for zone in sorted((system / "class" / "thermal").glob("thermal_zone*")):
        value, name = _number(zone / "temp"), _text(zone / "type")
        if value is not None and _COLDEST < value / 1000 < _HOTTEST:
            yield Reading((name or zone.name).removesuffix("-thermal"), "temperature", value / 1000)


def _chip(chip: Path) -> Iterator[Reading]:
    """Of one hwmon chip, in milli-degrees, microwatts, millivolts and milliamperes."""
    name = _text(chip / "name") or chip.name
    for file in sorted(chip.glob("temp*_input")):
        value = _number(file)
        if value is not None and _COLDEST < value / 1000 < _HOTTEST:
            yield Reading(_label(file, name), "temperature", value / 1000)
    powers = [*chip.glob("power*_input"), *chip.glob("power*_average")]
    for file in sorted(powers):
        value = _number(file)
        if value is not None:
            yield Reading(_label(file, name), "power", value / 1e6)
    if powers:
        return
    for file in sorted(chip.glob("in*_input")):
        current = _number(chip / file.name.replace("in", "curr", 1))
        voltage = _number(file)
        if voltage is not None and current is not None:
            yield Reading(_label(file, name), "power", voltage * current / 1e6)


def _old_jetson(system: Path) -> Iterator[Reading]:
    """Of systems before JetPack 5, in milliwatts."""
    devices = system / "bus" / "i2c" / "drivers" / "ina3221x"
    for file in sorted(devices.glob("*/iio:device*/in_power*_input")):
        number = file.name.removeprefix("in_power").removesuffix("_input")
        value = _number(file)
        if value is not None:
            name = _text(file.with_name(f"rail_name_{number}")) or f"rail {number}"
            yield Reading(name, "power", value / 1000)


def _label(file: Path, chip: str) -> str:
    """The label that stands beside a sensor's file, else the chip's name and the sensor's."""
    sensor = file.name.rpartition("_")[0]
    return _text(file.with_name(f"{sensor}_label")) or f"{chip} {sensor}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip(" \0\n")[:40]
    except (OSError, UnicodeDecodeError):
        return ""


def _number(file: Path) -> float | None:
    try:
        return float(_text(file))
    except ValueError:
        return None
