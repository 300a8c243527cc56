"""What a configuration may say under `deliver`: where results go, as they come."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator

from edgereg.serve.strict import Name, Port, Strict


class _Of(Strict):
    """sources: whose results; none named: all."""

    sources: tuple[Name, ...] = ()


class _Delivery(_Of):
    """tasks: whose results; none named: all. rules: what these say, and no results."""

    tasks: tuple[str, ...] = ()
    rules: tuple[Name, ...] = ()


class _Queued(_Delivery):
    """queue_megabytes: of messages that wait on the disk while the other side is away."""

    queue_megabytes: float = Field(64.0, gt=0, le=100_000)


class MqttConfig(_Queued):
    """To a broker, each message to a topic; `{source}` in it is the source's name.

    status: a topic with 'online' or 'offline', kept by the broker. ca: of the broker's
    certificate, where it is none that the system knows.
    """

    to: Literal["mqtt"]
    host: str
    port: Port = 1883
    topic: str = "edgereg/{source}"
    status: str | None = None
    qos: Literal[0, 1, 2] = 1
    client_id: str = Field("", max_length=64)
    username: str | None = None
    password_file: Path | None = None
    tls: bool = False
    ca: Path | None = None

    @field_validator("topic", "status")
    @classmethod
    def _topic(cls, value: str | None) -> str | None:
        return value if value is None else with_source(value, forbidden="+#")


class WebhookConfig(_Queued):
    """Posts lists of messages, at most `batch` of them at once, to an address.

    token_file: sent as `Authorization: Bearer`. timeout: seconds for an answer.
    """

    to: Literal["webhook"]
    url: str
    token_file: Path | None = None
    batch: int = Field(50, ge=1, le=1000)
    timeout: float = Field(10.0, gt=0, le=300)
    ca: Path | None = None

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as https://example.org/hook")
        return value


class RedisConfig(_Queued):
    """To streams of a Redis server: redis://[user[:password]@]host[:port]/stream, or rediss:// for
    TLS; `{source}` in the stream is the source's name.

    database: its number. entries: about so many stay in each stream, the oldest go. ca: of the
    server's certificate, where it is none that the system knows.
    """

    to: Literal["redis"]
    url: str
    password_file: Path | None = None
    database: int = Field(0, ge=0)
    entries: int = Field(100_000, ge=1)
    ca: Path | None = None

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        stream = unquote(parts.path.removeprefix("/"))
        try:
            whole = parts.hostname and parts.port != 0 and stream
        except ValueError:  # its message would show what stands in the port's place
            whole = False
        more = parts.query or parts.fragment
        if parts.scheme not in ("redis", "rediss") or not whole or more:
            raise ValueError("must be an address such as redis://host:6379/edgereg:{source}")
        with_source(stream)
        return value


class UdpConfig(_Delivery):
    """A datagram a message. format: 'json', or 'opentrack', the pose of the largest head as games
    take it (six little-endian doubles: x, y, z in cm, yaw, pitch, roll in degrees)."""

    to: Literal["udp"]
    host: str = "127.0.0.1"
    port: Port = 4242
    format: Literal["json", "opentrack"] = "json"


class OscConfig(_Delivery):
    """An OSC message a prediction: its track (-1: none), then its values.

    address: `{source}` and `{task}` in it are their names.
    """

    to: Literal["osc"]
    host: str = "127.0.0.1"
    port: Port = 9000
    address: str = "/edgereg/{source}/{task}"

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value.startswith("/"):
            raise ValueError("must begin with /")
        return with_source(value, "task", forbidden=" #*,?[]")


class FilesConfig(_Delivery):
    """Files in a folder, one after the other: a new one after `minutes` or at `megabytes`.

    format: 'jsonl' and 'parquet' hold records, as the outputs of `edgereg run`; 'messages' holds
    whole messages, one a line. keep_megabytes: what all of a source's files may take; the oldest
    go first.
    """

    to: Literal["files"]
    folder: Path
    format: Literal["jsonl", "parquet", "messages"] = "jsonl"
    minutes: float = Field(60.0, gt=0)
    megabytes: float = Field(64.0, gt=0)
    keep_megabytes: float = Field(1024.0, gt=0)


class _Film(_Of):
    """Pictures with their marks. fps: at most so many a second."""

    fps: float = Field(15.0, ge=1, le=60)


class HlsConfig(_Film):
    """FOLDER/SOURCE/live.m3u8 for a web server: the latest `segments`, each of some `seconds`."""

    to: Literal["hls"]
    folder: Path
    seconds: float = Field(2.0, ge=0.5, le=60)
    segments: int = Field(6, ge=3, le=1000)


class RtspConfig(_Film):
    """Pushed to a server that records or hands on, over TCP; `{source}` is the source's name."""

    to: Literal["rtsp"]
    url: str

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if not value.startswith("rtsp://"):
            raise ValueError("must be an address such as rtsp://server:8554/{source}")
        return with_source(value)


OfMessages: TypeAlias = (
    MqttConfig | WebhookConfig | RedisConfig | UdpConfig | OscConfig | FilesConfig
)
DeliveryConfig: TypeAlias = Annotated[
    OfMessages | HlsConfig | RtspConfig, Field(discriminator="to")
]


def with_source(template: str, *more: str, forbidden: str = "") -> str:
    """The template, where it names nothing but `{source}` and `more`. Raises ValueError."""
    known = ("source", *more)
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        fields = ", ".join(f"{{{name}}}" for name in known)
        raise ValueError(f"knows no {{{unknown}}}; there are: {fields}")
    bad = next((sign for sign in template if sign in forbidden or not sign.isprintable()), None)
    if bad is not None or not template:
        raise ValueError(f"can't hold {bad!r}" if bad else "can't be empty")
    return template


def placed(config: DeliveryConfig, folder: Path) -> DeliveryConfig:
    """With paths that start at the configuration's folder."""
    names = ("password_file", "token_file", "ca", "folder")
    paths = {name: getattr(config, name, None) for name in names}
    update = {name: folder / path for name, path in paths.items() if path is not None}
    return config.model_copy(update=update)
