"""The ``postgate`` command line. What a verb needs is imported when it is used, so that no verb waits for another's."""

import gc
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

#: Where each verb is in ``gateway.cli``, and what the list of all says of it: the first paragraph of its own help.
VERBS = {
    "up.up": "Run everything in one process, with a database of its own and a demo tenant. Ctrl-C stops it.",
    "serve.serve": "Serve webhooks, mail by SMTP, the API, websockets and the page, until SIGTERM or Ctrl-C.",
    "work.work": (
        "Send, deliver events, read mail, fetch files and do the other work behind the scenes, until SIGTERM or Ctrl-C."
    ),
    "migrate.migrate": "Make the roles and apply the missing migrations. Safe to run from many places at once.",
    "simulate.simulate": "Post signed WhatsApp, SMS and mail samples to a running gateway, and report how it answered.",
    "simulator.simulator": (
        "Imitate the send APIs of WhatsApp, Twilio, SendGrid, Postmark and Mailgun, for the accounts of a ready file."
    ),
    "listen.listen": "Receive events, and post each to a program on this machine as the gateway would; or print them.",
    "inspect.inspect": "Verify and parse a recorded webhook. Exit 0 verified and parsed, 1 not verified, 2 malformed.",
    "check_url.check_url": "Tell whether a URL may be registered and called. Exit 0 allowed, 1 not.",
    "sign_webhook.sign_webhook": (
        "Print the headers that prove a body (Standard Webhooks). Exit 0 signed, 2 unusable secret or arguments."
    ),
    "verify_webhook.verify_webhook": (
        "Verify the signature of a delivery (Standard Webhooks). Exit 0 valid, 1 not, 2 unusable secret or arguments."
    ),
    "certify.certify_receiver": "Post genuine and forged test events to a receiver, and judge its answers.",
    "providers.providers": (
        "Describe the providers as JSON: capabilities, credentials (JSON Schema), and the steps. Exit 2: unknown name."
    ),
    "replay.replay": "Parse stored webhooks again, after a fix. What was stored before is not stored twice.",
    "retention.retention": "Remove what was kept for long enough, as one of the gateways does every hour.",
    "restored.restored": "Say that the database was put back from a backup; run it once, before any gateway.",
    "seed.seed": "Fill a tenant with made-up customers, conversations and messages, for tests of scale. They stay.",
    "settings.settings": "List all settings: the environment variable, its default, and what it is for.",
    "tenants.tenants": "List tenants, or make one with its first owner.",
    "users.users": "List people, add one, or give one another password.",
    "keys.keys": "Tell what wraps the data keys, exchange them, or destroy a tenant's.",
}


class Verb(TyperCommand):
    """A verb that is imported when it is used; it then reads its arguments itself.

    Args:
        place: its module of ``gateway.cli``, and the name there of a function, or of a ``Typer`` of several.
        summary: what the list of all verbs says of it.
    """

    def __init__(self, place: str, summary: str) -> None:
        self._module, self._attribute = place.split(".")
        super().__init__(self._attribute.replace("_", "-"), help=summary)

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the arguments as the verb itself does."""
        return self._imported().make_context(*arguments, **options)

    def _imported(self) -> Any:  # Typer's own class of commands has no public name
        gc.disable()  # what is imported stays: the collector would look at it again and again, for a tenth of the time
        try:
            verb = getattr(import_module(f"gateway.cli.{self._module}"), self._attribute)
        finally:
            gc.enable()
        alone = typer.Typer(add_completion=False, callback=_whole)
        if isinstance(verb, typer.Typer):
            alone.add_typer(verb, name=self.name)
        else:
            alone.command(self.name)(verb)
        return typer.main.get_group(alone).commands[str(self.name)]


class Verbs(TyperGroup):
    """All verbs."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for place, summary in VERBS.items():
            self.add_command(Verb(place, summary))


def _whole() -> None:
    """A real-time messaging webhook gateway and inbox."""


app = typer.Typer(
    name="postgate",
    cls=Verbs,
    callback=_whole,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def main() -> None:
    """Run the command line; the entry point of the package."""
    app()


if __name__ == "__main__":
    main()
