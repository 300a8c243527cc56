"""The certificate of the HTTPS side and its key."""

from __future__ import annotations

import ssl

from edgereg.core.errors import EdgeregError
from edgereg.serve.config import TlsConfig


def load_certificate(context: ssl.SSLContext, tls: TlsConfig) -> None:
    """Into a context, for connections from now on; nobody is asked for a passphrase.

    Raises EdgeregError where the files are no good.
    """

    def passphrase() -> str:
        raise EdgeregError(
            f"tls.key: {tls.key} needs a passphrase, and nobody is there to type it; write one "
            f"without, readable by this user alone: openssl pkey -in {tls.key.name} -out plain.pem"
        )

    try:
        context.load_cert_chain(tls.certificate, tls.key, passphrase)
    except OSError as error:
        raise EdgeregError(
            f"tls: certificate {tls.certificate} with key {tls.key} is no good: {_why(error)}"
        ) from error


def _why(error: OSError) -> str:
    """In the words of the system, or of the library where it has some."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or "unreadable").replace("_", " ").lower()
    return error.strerror or str(error)
