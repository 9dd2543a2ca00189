"""Who calls whom: whatever opens connections is named here, with whom it may call."""

import ast
from pathlib import Path

GATEWAY = Path(__file__).parents[2] / "gateway"
#: What connections are made with.
MAKERS = frozenset(
    ("ClientSession", "TCPConnector", "open_connection", "create_connection", "start_tls", "sock_connect", "SMTP",
     "S3Store", "from_url", "ws_connect", "create_datagram_endpoint", "open_unix_connection", "getaddrinfo",
     "Names")
)  # fmt: skip
GUARDED = {"outgoing/http.py", "outgoing/smtp.py", "outgoing/names.py", "outgoing/resolver.py", "delivery/dialling.py"}
OPERATORS = {
    "files/s3.py",  # the bucket
    "keys/vault.py",  # Vault
    "redis_servers.py",  # Redis
    "cli/worker.py", "siblings.py", "workers.py",  # the processes of one `serve` among each other
    "selftest/calling.py",  # the gateway's own public URL
    "smtp/session.py",  # nobody: it is a server
}  # fmt: skip
OF_WHO_RUNS_THEM = {
    "cli/listen.py", "listening/following.py", "listening/forwarding.py",  # postgate listen
    "demo/runner.py", "demo/templates.py", "simulator/callbacks.py",  # this machine's gateway
}  # fmt: skip


def test_only_these_open_connections() -> None:
    found = {str(path.relative_to(GATEWAY)) for path in GATEWAY.rglob("*.py") if MAKERS & _called(path)}
    assert found - GUARDED - OPERATORS - OF_WHO_RUNS_THEM == set(), "is it guarded? then name it here"
    assert found >= GUARDED | OPERATORS


def _called(path: Path) -> set[str]:
    """Return the names of what a module calls or builds upon."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        targets = [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else []
        names |= {target.attr for target in targets if isinstance(target, ast.Attribute)}
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names
