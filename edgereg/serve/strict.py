"""What every part of the configuration is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# Of sources, deliveries and rules: part of addresses, topics and file names.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class Strict(BaseModel):
    """A part that takes no field that it does not know, and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
