"""Where the load is posted to, handed from the process that makes tenants to those that post."""

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from gateway.demo.samples import Connection


@dataclass(frozen=True, slots=True)
class Hook:
    """A tenant's WhatsApp connection, and a key to watch the tenant with."""

    tenant_id: str
    path: str
    app_secret: str
    address: str
    api_key: str

    @property
    def connection(self) -> Connection:
        """The connection as the samples want it."""
        return Connection("whatsapp_cloud", self.path, self.path, {"app_secret": self.app_secret}, self.address)


def write(hooks: list[Hook], file: Path) -> None:
    """Write hooks down."""
    file.write_bytes(orjson.dumps([asdict(hook) for hook in hooks]))


def read(file: Path) -> list[Hook]:
    """Read hooks."""
    return [Hook(**fields) for fields in orjson.loads(file.read_bytes())]
