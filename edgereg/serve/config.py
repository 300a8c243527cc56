"""The YAML file of `edgereg serve`: what it may say, and where a mistake in it stands."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from edgereg.assembly import DEFAULT_TASKS, Choice
from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason
from edgereg.core.regions import Prompt
from edgereg.serve.delivery.config import DeliveryConfig, placed
from edgereg.serve.strict import Name, Strict
from edgereg.sources.options import SourceOptions, camera_mode

TOKEN_VARIABLE = "EDGEREG_TOKEN"  # noqa: S105 - a name, no token
SHORTEST_TOKEN = 16


class BoxConfig(Strict):
    """A box to track: x, y, width, height in pixels of frame `frame`."""

    box: tuple[float, float, Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    frame: int = Field(0, ge=0)

    def prompt(self) -> Prompt:
        """As tasks take it."""
        x, y, width, height = self.box
        return Prompt((x, y, x + width, y + height), self.frame)


class SourceConfig(Strict):
    """One source; the fields are those of `edgereg run`.

    loop: a file starts again at its end, in its own time, as a stand-in for a camera.
    outputs: tables of lines (.jsonl, .csv), continued after every interruption.
    reconnect: seconds for which a lost stream is tried before the source counts as failed.
    stalled: seconds without a result after which the source is started anew.
    """

    source: str
    loop: bool = False
    tasks: tuple[str, ...] = DEFAULT_TASKS
    models: tuple[Path, ...] = ()
    engine: str = "auto"
    threads: int | None = Field(None, ge=1)
    size: str = "default"
    realtime: bool | None = None
    refine: bool = True
    steps: int | None = Field(None, ge=0, le=1000)
    prompts: tuple[BoxConfig, ...] = ()
    track: bool = True
    detect_every: Annotated[int, Field(ge=1, le=100)] | Literal["auto"] = 1
    fov: float | None = Field(None, ge=1, le=170)
    smooth: bool = False
    camera: str | None = None
    reconnect: float = Field(5.0, ge=0)
    stalled: float = Field(30.0, gt=0)
    outputs: tuple[Path, ...] = ()

    @field_validator("source", mode="before")
    @classmethod
    def _number_of_a_camera(cls, value: object) -> object:
        return str(value) if type(value) is int else value

    @field_validator("camera")
    @classmethod
    def _mode_of_a_camera(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                camera_mode(value)
            except EdgeregError as error:
                raise ValueError(str(error).removeprefix("--camera ")) from error
        return value

    def choice(self) -> Choice:
        """As the assembly takes it."""
        mode = camera_mode(self.camera) if self.camera else None
        return Choice(
            tasks=self.tasks,
            models=self.models,
            engine=self.engine,
            threads=self.threads,
            size=self.size,
            realtime=self.realtime,
            refine=self.refine,
            steps=self.steps,
            prompts=tuple(each.prompt() for each in self.prompts),
            track=self.track,
            detect_every=self.detect_every,
            fov=self.fov,
            filters=("smooth",) if self.smooth else (),
            source=SourceOptions(reconnect_s=self.reconnect, camera=mode),
        )


class TlsConfig(Strict):
    """Files of a certificate and its key, in PEM."""

    certificate: Path
    key: Path


class ServeConfig(Strict):
    """Everything that is served.

    host, port: where to listen; port 0: any free one. token_file: its first line opens the door
    (or the variable EDGEREG_TOKEN). clients: pictures and streams of results at once, at most.
    state: a folder for what must outlive the process; None: the folder that systemd gives, else
    one beside the configuration.
    """

    sources: dict[Name, SourceConfig] = Field(min_length=1)
    deliver: dict[Name, DeliveryConfig] = Field(default_factory=dict)
    state: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    token_file: Path | None = None
    tls: TlsConfig | None = None
    clients: int = Field(256, ge=1, le=10_000)

    @model_validator(mode="after")
    def _every_output_once(self) -> ServeConfig:
        outputs = [output for source in self.sources.values() for output in source.outputs]
        twice = next((each for each in outputs if outputs.count(each) > 1), None)
        if twice is not None:
            raise ValueError(f"two outputs are the same file, {twice}; each source needs its own")
        return self

    @model_validator(mode="after")
    def _every_delivery_of_a_source(self) -> ServeConfig:
        for name, delivery in self.deliver.items():
            for source in delivery.sources:
                if source not in self.sources:
                    raise ValueError(f"deliver.{name}.sources: there is no source '{source}'")
        return self

    @property
    def on_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

    def token(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """The token, or None where none is asked for.

        Raises EdgeregError where it is too short, can't be read, or is missing though others
        than this machine can connect.
        """
        text = environment.get(TOKEN_VARIABLE, "").strip()
        if self.token_file is not None:
            try:
                text = self.token_file.read_text(encoding="utf-8").strip().partition("\n")[0]
            except (OSError, UnicodeDecodeError) as error:
                raise EdgeregError(f"{self.token_file}: the token can't be read") from error
        if not text and self.token_file is None:
            if self.on_loopback:
                return None
            raise EdgeregError(
                f"host {self.host} can be reached by others, so a token is needed; write one to "
                f"a file and name it as token_file, or set {TOKEN_VARIABLE}"
            )
        if not re.fullmatch(rf"[A-Za-z0-9._~-]{{{SHORTEST_TOKEN},}}", text):
            raise EdgeregError(
                f"the token must be at least {SHORTEST_TOKEN} letters, digits, '.', '_', '~' and "
                "'-'; make one with: openssl rand -hex 24"
            )
        return text


def read_config(path: Path) -> ServeConfig:
    """The configuration in a file; relative paths in it start at the file's folder.

    Raises EdgeregError with a line for each mistake that says where it stands.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EdgeregError(f"{path}: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise EdgeregError(f"{path}: is no text in UTF-8") from error
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
        raise EdgeregError(f"{path}: is no YAML: {why}") from error
    if not isinstance(given, dict):
        raise EdgeregError(f"{path}: must say 'sources:' and what they are; see docs/serve.md")
    try:
        config = ServeConfig.model_validate(given)
    except ValidationError as error:
        lines = [
            ": ".join(filter(None, [str(path), ".".join(map(str, each["loc"])), each["msg"]]))
            for each in error.errors()
        ]
        raise EdgeregError("\n".join(lines)) from error
    return _placed(config, path.resolve())


def _placed(config: ServeConfig, path: Path) -> ServeConfig:
    """With paths that no longer depend on where the command was started."""
    folder = path.parent
    sources = {
        name: each.model_copy(
            update={
                "source": _source_at(each.source, folder),
                "models": tuple(folder / model for model in each.models),
                "outputs": tuple(folder / output for output in each.outputs),
            }
        )
        for name, each in config.sources.items()
    }
    tls = config.tls and TlsConfig(
        certificate=folder / config.tls.certificate, key=folder / config.tls.key
    )
    token_file = config.token_file and folder / config.token_file
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    state = folder / (config.state or given or f"{path.stem}.state")
    deliver = {name: placed(each, folder) for name, each in config.deliver.items()}
    update = {"tls": tls, "token_file": token_file, "state": state, "deliver": deliver}
    return config.model_copy(update={"sources": sources, **update})


def _source_at(text: str, folder: Path) -> str:
    """A file or folder from `folder` on; cameras, addresses and pipelines stay as they are.

    So does what a plugin takes as `name:...`.
    """
    other = text == "-" or text.isdecimal() or "!" in text
    return text if other or re.match(r"[A-Za-z][\w+.-]+:", text) else str(folder / text)
