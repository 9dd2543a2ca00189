"""``postgate settings``: every environment variable that the server reads."""

import typer

from gateway.settings import Settings

PREFIX = Settings.model_config.get("env_prefix", "")


#: What single commands read beside them.
OF_COMMANDS = {
    "POSTGATE_DATA_DIR": "Where `postgate up` keeps its data, unless --data-dir says it.",
    "POSTGATE_API_KEY": "The key that `postgate listen` uses, unless --key says it.",
}


def settings() -> None:
    """List all settings: the environment variable, its default, and what it is for."""
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else f"default: {_shown(field.get_default())}"
        typer.echo(f"{(PREFIX + name).upper()}  ({default})\n    {field.description}")
    for name, description in OF_COMMANDS.items():
        typer.echo(f"{name}  (default: none)\n    {description}")


def _shown(value: object) -> str:
    """Return a default as it would be written in the environment."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
