"""The YAML file of `edgereg serve`: what it may say, and where a mistake in it stands."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, IPvAnyAddress, ValidationError, field_validator, model_validator

from edgereg.assembly import DEFAULT_TASKS, Choice
from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason
from edgereg.core.regions import Prompt
from edgereg.serve.delivery.config import DeliveryConfig, placed
from edgereg.serve.rules.config import RuleConfig
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


class ProxyConfig(Strict):
    """A reverse proxy that knows people, and says who asks.

    user: the header in which it names them. addresses: from which it connects; from others the
    header counts for nothing. editors: who of them may change something; none named: all.
    """

    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-Forwarded-User"
    addresses: tuple[IPvAnyAddress, ...] = (
        ipaddress.IPv4Address("127.0.0.1"),
        ipaddress.IPv6Address("::1"),
    )
    editors: tuple[str, ...] = ()

    def at(self, peer: str) -> bool:
        """Whether it connects from this address."""
        try:
            return ipaddress.ip_address(peer) in self.addresses
        except ValueError:
            return False


class LogConfig(Strict):
    """What is logged: from `level` on, for people ('text') or a JSON object a line ('json').

    file: instead of the terminal; at `megabytes` a new one begins, and `keep` old ones stay.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    file: Path | None = None
    megabytes: float = Field(default=10.0, gt=0, le=10_000)
    keep: int = Field(default=5, ge=1, le=1000)


class ServeConfig(Strict):
    """Everything that is served.

    host, port: where to listen; port 0: any free one. token_file: its first line opens the door
    (or the variable EDGEREG_TOKEN); view_token_file: to look, and change nothing. proxy: it lets
    people in too. names: of this machine, as browsers call it; others are not answered. rate:
    requests a second of one client, 0: any number. clients: pictures and streams of results at
    once, at most. media: folders whose files may be named as sources over HTTP.
    state: a folder for what must outlive the process; None: the folder that systemd gives, else
    one beside the configuration. hung: seconds after which an engine, a thread or an output that
    does not come to an end is said to hang. on_hang: 'leave' ends the process then, for a
    supervisor that knows no watchdog.
    """

    sources: dict[Name, SourceConfig] = Field(min_length=1)
    deliver: dict[Name, DeliveryConfig] = Field(default_factory=dict)
    rules: dict[Name, RuleConfig] = Field(default_factory=dict)
    state: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    token_file: Path | None = None
    view_token_file: Path | None = None
    proxy: ProxyConfig | None = None
    names: tuple[Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")], ...] = ()
    rate: float = Field(100.0, ge=0)
    media: tuple[Path, ...] = ()
    tls: TlsConfig | None = None
    clients: int = Field(256, ge=1, le=10_000)
    log: LogConfig = LogConfig()
    hung: float = Field(90.0, gt=0)
    on_hang: Literal["stay", "leave"] = "stay"

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
            for rule in getattr(delivery, "rules", ()):
                if rule not in self.rules:
                    raise ValueError(f"deliver.{name}.rules: there is no rule '{rule}'")
        return self

    @model_validator(mode="after")
    def _every_rule_of_a_source(self) -> ServeConfig:
        for name, rule in self.rules.items():
            for source in rule.sources:
                if source not in self.sources:
                    raise ValueError(f"rules.{name}.sources: there is no source '{source}'")
        return self

    @model_validator(mode="after")
    def _names_with_a_proxy(self) -> ServeConfig:
        if self.proxy is not None and not self.names:
            raise ValueError("proxy: needs 'names', those under which browsers know the proxy")
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
        if self.token_file is not None:
            return _token_in(self.token_file)
        text = environment.get(TOKEN_VARIABLE, "").strip()
        if text:
            return _checked_token(text)
        if self.on_loopback or self.proxy is not None or self.view_token_file is not None:
            return None
        raise EdgeregError(
            f"host {self.host} can be reached by others, so a token is needed; write one to "
            f"a file and name it as token_file, or set {TOKEN_VARIABLE}"
        )

    def view_token(self) -> str | None:
        """The token of those who only look, or None. Raises EdgeregError where it is no good."""
        return None if self.view_token_file is None else _token_in(self.view_token_file)


def _token_in(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip().partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise EdgeregError(f"{path}: the token can't be read") from error
    return _checked_token(text)


def _checked_token(text: str) -> str:
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
        raise EdgeregError(f"{path}: is no YAML: {_why_no_yaml(error)}") from error
    if not isinstance(given, dict):
        raise EdgeregError(f"{path}: must say 'sources:' and what they are; see docs/serve.md")
    try:
        config = ServeConfig.model_validate(given)
    except ValidationError as error:
        lines = [": ".join(filter(None, [str(path), *each])) for each in mistakes(error)]
        raise EdgeregError("\n".join(lines)) from error
    return _placed(config, path.resolve())


def _why_no_yaml(error: yaml.YAMLError) -> str:
    """What and where, without the lines themselves: they may hold passwords."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return " ".join(str(error).split())


def mistakes(error: ValidationError) -> list[tuple[str, str]]:
    """(place, what is wrong there) of each mistake; the values themselves are not told."""
    return [(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]


def _placed(config: ServeConfig, path: Path) -> ServeConfig:
    """With paths that no longer depend on where the command was started."""
    folder = path.parent
    sources = {name: placed_source(each, folder) for name, each in config.sources.items()}
    tls = config.tls and TlsConfig(
        certificate=folder / config.tls.certificate, key=folder / config.tls.key
    )
    files = ("token_file", "view_token_file")
    found = {name: getattr(config, name) and folder / getattr(config, name) for name in files}
    media = tuple(folder / each for each in config.media)
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    state = folder / (config.state or given or f"{path.stem}.state")
    deliver = {name: placed(each, folder) for name, each in config.deliver.items()}
    log = config.log.model_copy(update={"file": config.log.file and folder / config.log.file})
    update = {"tls": tls, "state": state, "deliver": deliver, "media": media, "log": log, **found}
    return config.model_copy(update={"sources": sources, **update})


def placed_source(config: SourceConfig, folder: Path) -> SourceConfig:
    """With paths that start at a folder."""
    return config.model_copy(
        update={
            "source": _source_at(config.source, folder),
            "models": tuple(folder / model for model in config.models),
            "outputs": tuple(folder / output for output in config.outputs),
        }
    )


def _source_at(text: str, folder: Path) -> str:
    """A file or folder from `folder` on; cameras, addresses and pipelines stay as they are.

    So does what a plugin takes as `name:...`.
    """
    other = text == "-" or text.isdecimal() or "!" in text
    return text if other or re.match(r"[A-Za-z][\w+.-]+:", text) else str(folder / text)
