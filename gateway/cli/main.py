"""The ``postgate`` command line."""

import typer

from gateway.cli.certify import certify_receiver
from gateway.cli.check_url import check_url
from gateway.cli.inspect import inspect
from gateway.cli.keys import keys
from gateway.cli.listen import listen
from gateway.cli.migrate import migrate
from gateway.cli.providers import providers
from gateway.cli.replay import replay
from gateway.cli.restored import restored
from gateway.cli.retention import retention
from gateway.cli.seed import seed
from gateway.cli.serve import serve
from gateway.cli.settings import settings
from gateway.cli.sign_webhook import sign_webhook
from gateway.cli.simulate import simulate
from gateway.cli.simulator import simulator
from gateway.cli.tenants import tenants
from gateway.cli.up import up
from gateway.cli.users import users
from gateway.cli.verify_webhook import verify_webhook
from gateway.cli.work import work

app = typer.Typer(
    name="postgate",
    help="A real-time messaging webhook gateway and inbox.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
COMMANDS = (
    up, serve, work, migrate, simulate, simulator, listen, inspect, check_url, sign_webhook, verify_webhook,
    certify_receiver, providers, replay, retention, restored, seed, settings,
)  # fmt: skip
for command in COMMANDS:
    app.command()(command)
app.add_typer(tenants, name="tenants")
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")


def main() -> None:
    """Run the command line; the entry point of the package."""
    app()


if __name__ == "__main__":
    main()
