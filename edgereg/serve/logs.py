"""What is logged, for people or as JSON lines for programs, to the terminal or to files."""

from __future__ import annotations

import json
import logging
import time
from logging.handlers import RotatingFileHandler

from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason
from edgereg.serve.config import LogConfig

# What a record may say of where it comes from.
WHERE = ("source", "delivery")


class JsonLines(logging.Formatter):
    """A JSON object a line: at, level, from, text, and source or delivery."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        fields = {
            "at": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            **{name: getattr(record, name) for name in WHERE if hasattr(record, name)},
            "text": record.getMessage(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def set_up(config: LogConfig) -> None:
    """Let this process log as it is configured. Raises EdgeregError where a file can't be."""
    handler: logging.Handler = logging.StreamHandler()
    if config.file is not None:
        try:
            config.file.parent.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(
                config.file,
                maxBytes=int(1e6 * config.megabytes),
                backupCount=config.keep,
                encoding="utf-8",
            )
        except OSError as error:
            raise EdgeregError(f"log: {config.file} can't be written: {reason(error)}") from error
    lines = config.format == "json"
    handler.setFormatter(
        JsonLines() if lines else logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("edgereg").setLevel(config.level.upper())
