"""The settings, read once; what is wrong with them is said in words."""

import typer
from pydantic import ValidationError

from gateway.settings import Settings


def configured() -> Settings:
    """Read the settings from the environment, or end with status 2 and the list of what is missing."""
    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors():
            name = "POSTGATE_" + "_".join(str(part) for part in problem["loc"]).upper()
            typer.echo(f"{name}: {problem['msg']}", err=True)
        typer.echo("`postgate settings` lists them all", err=True)
        raise typer.Exit(2) from None
