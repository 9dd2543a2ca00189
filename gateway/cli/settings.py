"""``postgate settings``: every environment variable that the server reads."""

import typer

from gateway.settings import Settings

PREFIX = Settings.model_config.get("env_prefix", "")


def settings() -> None:
    """List all settings: the environment variable, its default, and what it is for."""
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else f"default: {field.get_default() or 'none'}"
        typer.echo(f"{(PREFIX + name).upper()}  ({default})\n    {field.description}")
