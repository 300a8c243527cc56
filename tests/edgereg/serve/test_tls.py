"""HTTPS with a certificate made for the test."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import EdgeregError

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from edgereg.serve.server import Service
from tests.edgereg.serve.client import until

Serve = Callable[..., Service]

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")


def certificate(folder: Path, *options: str, name: str = "board") -> dict[str, Path]:
    """Certificate and key for 'localhost', signed by itself."""
    files = {"certificate": folder / f"{name}.pem", "key": folder / f"{name}.key"}
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-out", str(files["certificate"]), "-keyout", str(files["key"])]
    subprocess.run([*command, *(options or ("-nodes",))], check=True, capture_output=True)
    return files


def asked_over_tls(service: Service, trusted: Path) -> Any:
    """The sources, from who trusts that certificate alone."""
    port = service.address.rsplit(":", 1)[1]
    context = ssl.create_default_context(cafile=str(trusted))
    with urllib.request.urlopen(
        f"https://localhost:{port}sources", timeout=10, context=context
    ) as answer:
        return json.load(answer)


def test_it_answers_over_tls_alone_and_takes_a_renewed_certificate(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import watched_files

    monkeypatch.setattr(watched_files, "LOOK_S", 0.05)
    files = certificate(tmp_path)
    config = tmp_path / "cameras.yaml"
    text = {"port": 0, "tls": {"certificate": "board.pem", "key": "board.key"}}
    sources = {"door": {"source": str(clip()), "loop": True, "tasks": ["colour"]}}
    config.write_text(json.dumps({**text, "sources": sources}))
    service = serve(config)
    assert service.address.startswith("https://")
    assert asked_over_tls(service, files["certificate"])[0]["name"] == "door"
    with pytest.raises(OSError, match=r"."):  # no TLS, no answer
        urllib.request.urlopen(service.address.replace("https", "http"), timeout=10)  # noqa: S310
    old = tmp_path / "old.pem"
    shutil.copy(files["certificate"], old)
    new = certificate(tmp_path, name="new")
    for what, path in new.items():
        path.replace(files[what])

    def renewed() -> bool:
        try:
            return bool(asked_over_tls(service, files["certificate"]))
        except OSError:
            return False

    until(renewed)
    with pytest.raises(OSError, match="certificate verify failed"):
        asked_over_tls(service, old)


def test_what_is_no_good_is_refused_in_one_line(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    source = {"door": {"source": str(clip()), "loop": True}}
    good = certificate(tmp_path)
    locked = certificate(tmp_path, "-passout", "pass:secret", name="locked")
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    for tls, why in [
        (locked, "needs a passphrase"),
        ({**good, "key": tmp_path / "gone.key"}, "No such file"),
        ({**good, "certificate": text}, "is no good"),
        ({**good, "key": certificate(tmp_path, name="other")["key"]}, "key values mismatch"),
    ]:
        with pytest.raises(EdgeregError, match=why) as raised:
            serve(source, tls=tls)
        assert len(str(raised.value).splitlines()) == 1
