"""The networks inside that tools may call, as a gateway with this environment might."""

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from gateway.settings import Networks, Settings


class _Allowed(BaseSettings):
    """The one setting that the guard knows."""

    model_config = Settings.model_config

    allow_private: Networks = ()


def allowed_networks() -> Networks:
    """Read ``POSTGATE_ALLOW_PRIVATE``.

    Raises:
        typer.Exit: with 2, when it can't be read; why is told.
    """
    try:
        return _Allowed().allow_private
    except ValidationError as error:
        typer.echo(f"POSTGATE_ALLOW_PRIVATE: {error.errors()[0]['msg']}", err=True)
        raise typer.Exit(2) from None
