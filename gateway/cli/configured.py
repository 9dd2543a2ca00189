"""The settings, read once; what is wrong with them is said in words."""

from collections.abc import Mapping
from typing import Any

import typer
from pydantic import ValidationError

from gateway.settings import Settings


def configured(told: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings from the environment, or end with status 2 and the list of what is missing or wrong.

    Args:
        told: settings that the command line says; they count for more.
    """
    try:
        return Settings(**(told or {}))
    except ValidationError as error:
        for problem in error.errors():
            name = "POSTGATE_" + "_".join(str(part) for part in problem["loc"]).upper()
            said = problem["msg"].removeprefix("Value error, ")
            typer.echo(f"{name}: {said}" if problem["loc"] else said, err=True)
        typer.echo("`postgate settings` lists them all", err=True)
        raise typer.Exit(2) from None
