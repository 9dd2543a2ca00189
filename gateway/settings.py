"""All settings of the server: environment variables that begin with ``POSTGATE_``, listed by ``postgate settings``."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _networks(value: Any) -> Any:
    """Read networks written as a list with commas; anything else is judged as it is."""
    if not isinstance(value, str):
        return value
    return tuple(ip_network(word.strip(), strict=False) for word in value.split(",") if word.strip())


#: An environment variable with networks in it: ``10.1.0.0/16, fd00:1::/32, 192.0.2.7``.
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]


def _words(value: Any) -> Any:
    """Read words written as a list with commas; anything else is judged as it is."""
    if not isinstance(value, str):
        return value
    return tuple(word.strip().lower() for word in value.split(",") if word.strip())


#: An environment variable with words in it: ``example.org, example.net``.
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


#: What a process does beside serving: it sends messages; delivers events to endpoints; fetches files and reads mail;
#: looks for personal data in texts; does the rest, from the index of search to chores.
Role = Literal["sending", "delivery", "media", "detection", "housekeeping"]
ALL_ROLES: tuple[Role, ...] = get_args(Role)


def _roles(value: Any) -> Any:
    """Read roles written as a list with commas; ``none`` are none. Nothing at all is more likely an oversight."""
    words = _words(value)
    if words == ():
        raise ValueError("no role is named; `none` is for a process that has none")
    return () if words == ("none",) else words


#: An environment variable with roles in it: ``sending, delivery``.
Roles = Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_roles)]


def _content_of(path: Path, name: str) -> str:
    """Return the text of a file that a setting names."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: {path} can't be read ({type(error).__name__})") from None


#: Hosts with their ports, several with commas between them, behind a login.
HOSTS = re.compile(r"(\[[^\[\]]*\]|[^:\[\],]*)(:\d{0,5})?(,(\[[^\[\]]*\]|[^:\[\],]*)(:\d{0,5})?)*")


def _postgres(value: SecretStr) -> SecretStr:
    """Refuse what is no URL of a database, without repeating it."""
    scheme, found, rest = value.get_secret_value().partition("://")
    hosts = re.split("[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    if not found or scheme not in {"postgresql", "postgres"}:
        raise ValueError("this is no URL of a database, postgresql://user:password@host:5432/name")
    if not HOSTS.fullmatch(hosts):
        raise ValueError("the host of this URL, or its port, can't be read; / ? # @ in a password are written %2F …")
    return value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_postgres)]


class Settings(BaseSettings):
    """What the server is told from outside; ``postgate up`` also reads ``POSTGATE_DATA_DIR``, where its data is."""

    model_config = SettingsConfigDict(env_prefix="POSTGATE_", env_ignore_empty=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _read_key_files(cls, values: Any) -> Any:
        """Take keys from their files; a file that can't be read, or stands beside the value itself, is refused."""
        if not isinstance(values, Mapping):
            return values
        found = dict(values)
        for name in ("master_key", "previous_master_keys"):
            path = found.get(f"{name}_file")
            if path and found.get(name):
                raise ValueError(f"set either POSTGATE_{name.upper()} or POSTGATE_{name.upper()}_FILE")
            if path:
                found[name] = _content_of(Path(path), f"POSTGATE_{name.upper()}_FILE")
        return found

    @model_validator(mode="after")
    def _has_a_token(self) -> "Settings":
        """Refuse a Vault that nobody could ask."""
        if self.vault_url is not None and (self.vault_token is None) == (self.vault_token_file is None):
            raise ValueError("with POSTGATE_VAULT_URL set either POSTGATE_VAULT_TOKEN or POSTGATE_VAULT_TOKEN_FILE")
        return self

    database_url: DatabaseUrl = Field(description="Postgres, as the role postgate_app: one tenant at a time.")
    hook_database_url: DatabaseUrl = Field(description="Postgres, as the role postgate_hook: stores webhooks.")
    relay_database_url: DatabaseUrl = Field(description="Postgres, as the role postgate_relay: reads the log.")
    writer_database_url: DatabaseUrl | None = Field(
        default=None,
        description="The same as the hook URL but direct, where that one leads through a transaction pooler: what"
        " stores webhooks keeps a prepared statement.",
    )
    listener_database_url: DatabaseUrl | None = Field(
        default=None,
        description="The same as the relay URL but direct, where that one leads through a transaction pooler: over"
        " one nobody can listen.",
    )
    database_pooler: bool = Field(
        default=False,
        description="true where a transaction pooler is in between that knows no prepared statements (PgBouncer before"
        " 1.21, or without max_prepared_statements): then none is kept, but by the writer.",
    )
    admin_database_url: DatabaseUrl | None = Field(
        default=None,
        description="Postgres, as a role that may create roles. For `postgate migrate`,"
        " `keys`, `tenants`, `users` and `restored`; a gateway never needs it.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="A Redis or Valkey (7 or later) that all processes share, or any member of a cluster,"
        " redis://[user:password@]host:6379/0 or rediss://…: it wakes them, and presence, typing and limits reach"
        " across them. Without it they wake each other by NOTIFY, and each has its own.",
    )
    listen: bool = Field(
        default=True,
        description="false where the relay URL leads through a transaction pooler, over which nobody can listen:"
        " Redis alone then tells processes of each other.",
    )
    master_key: SecretStr = Field(
        description="32 bytes as base64: wraps the tenants' data keys, and proves links that the gateway made."
    )
    previous_master_keys: SecretStr | None = Field(
        default=None, description="Earlier master keys as base64, comma-separated: still able to unwrap."
    )
    master_key_file: Path | None = Field(
        default=None, description="A file with the master key, instead of POSTGATE_MASTER_KEY."
    )
    previous_master_keys_file: Path | None = Field(
        default=None, description="A file with earlier master keys, instead of POSTGATE_PREVIOUS_MASTER_KEYS."
    )
    vault_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#]+/?$",
        description="The URL of a HashiCorp Vault whose transit engine wraps data keys from now on, instead of the"
        " master key.",
    )
    vault_mount: str = Field(
        default="transit", pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", description="Where that engine is mounted."
    )
    vault_key: str = Field(default="postgate", pattern=r"^[A-Za-z0-9_.-]+$", description="The name of its key.")
    vault_token: SecretStr | None = Field(default=None, description="The token to ask Vault with.")
    vault_token_file: Path | None = Field(
        default=None, description="A file with that token instead, which Vault Agent may write anew at any time."
    )
    vault_ca_file: Path | None = Field(
        default=None, description="A PEM file with the certificates that prove Vault; without it, the system's."
    )
    public_url: str | None = Field(
        default=None,
        description="The base URL that providers and browsers use; without it, the address that is listened on.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on.")
    roles: Roles = Field(
        default=ALL_ROLES,
        description="What a process does behind the scenes: sending, delivery, media, detection, housekeeping"
        " (comma-separated); `none` for a process that serves only. Some process has to have each of them.",
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="How many processes `postgate serve` runs that share its port; without it, it serves by itself.",
    )
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=300,
        description="For how many seconds connections are still taken once it was told to stop and /readyz says so:"
        " as long as your balancer takes to notice.",
    )
    pool_size: int = Field(default=8, ge=1, le=200, description="Database connections for the API, at most.")
    caller_rate: int = Field(
        default=12_000,
        ge=0,
        description="Requests that one login or API key may make in a minute, at all processes together with Redis;"
        " 0: any number.",
    )
    tenant_rate: int = Field(default=60_000, ge=0, description="The same for a tenant, webhooks aside.")
    socket_rate: int = Field(default=120, ge=0, description="Websockets that one login may open in a minute; 0: any.")
    queue_limit: int = Field(
        default=4096, ge=1, description="Webhooks waiting to be stored before new ones are answered 503."
    )
    allow_private: Networks = Field(
        default=(),
        description="Networks inside (CIDR, comma-separated) that may be called although they are private; plain http"
        " goes to these only. Providers are on the public internet: leave it empty.",
    )
    smtp_port: int | None = Field(
        default=None, ge=0, le=65535, description="The port to take mail on; without it there is no SMTP listener."
    )
    smtp_host: str | None = Field(default=None, description="The address to take mail on; without it, that of HTTP.")
    smtp_name: str | None = Field(
        default=None, description="The host name to greet with; without it, that of the public URL."
    )
    smtp_tls_cert: Path | None = Field(
        default=None, description="A PEM file with the chain of certificates, for STARTTLS."
    )
    smtp_tls_key: Path | None = Field(default=None, description="A PEM file with its private key, if that is another.")
    smtp_plain_login: Networks = Field(
        default=(),
        description="Networks (CIDR, comma-separated) from which a login is taken unencrypted, beside this machine.",
    )
    files_dir: Path | None = Field(
        default=None,
        description="The folder of files that customers send and agents upload; all processes have to see the same."
        " Without it and without a bucket no file is stored.",
    )
    files_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[!-~]{1,200})?$",
        description="A bucket that speaks S3, and a prefix if there is one (name/prefix), instead of a folder.",
    )
    files_region: str | None = Field(default=None, description="The region of the bucket.")
    files_endpoint: str | None = Field(
        default=None, description="The URL of the bucket's service, where it is not Amazon's."
    )
    files_access_key_id: str | None = Field(
        default=None, description="Who uses the bucket; without it, what the machine itself has."
    )
    files_secret_access_key: SecretStr | None = Field(default=None, description="The secret to it.")
    file_limit: int = Field(default=100 * 1024 * 1024, ge=1, description="The most bytes that a file may have.")
    trusted_proxies: Networks = Field(
        default=(),
        description="Networks (CIDR, comma-separated) of your own proxies: their X-Forwarded-For tells who calls."
        " Without it, limits count everybody behind a proxy together.",
    )
    mail_host: str | None = Field(
        default=None, description="The mail server for invitations and password links; without it links are passed on."
    )
    mail_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    mail_tls: Literal["none", "starttls", "tls"] = Field(
        default="starttls", description="How the connection to it is protected; without, no login is sent."
    )
    mail_username: str = Field(default="", description="The login there.")
    mail_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    mail_from: str | None = Field(
        default=None,
        description="The sender of these mails, Name <address>; without it, postgate@ the public URL's host.",
    )
    oidc_issuer: str | None = Field(
        default=None, description="The URL of an OpenID Connect provider through which people may sign in."
    )
    oidc_client_id: str = Field(default="", description="Our client id there.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Our client secret there; a public client has none."
    )
    oidc_name: str = Field(default="single sign-on", description="What the button calls the provider.")
    oidc_domains: Words = Field(
        default=(), description="Domains of e-mail addresses that may come in that way, comma-separated; none: all."
    )
    demo_file: Path | None = Field(
        default=None,
        description="The ready file of a demo tenant, whose people can then send themselves samples in the page.",
    )
    keep_webhooks_days: int = Field(
        default=90,
        ge=7,
        le=3650,
        description="For how many days raw webhooks are kept, unless a tenant says otherwise.",
    )
    keep_deliveries_days: int = Field(
        default=30, ge=7, le=3650, description="The same for deliveries that are done, with their attempts."
    )
    keep_events_days: int = Field(
        default=365, ge=7, le=3650, description="The same for events; at least as long as deliveries."
    )
    keep_audit_days: int = Field(
        default=730,
        ge=90,
        le=3650,
        description="For how many days it is kept who read and changed personal data, then to the end of a month.",
    )
    events_hot_days: int = Field(
        default=30, ge=1, le=3650, description="After so many days events are moved to the months of old ones."
    )
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    assets_dir: Path = Field(default=Path(__file__).parent / "assets", description="Where the built page lies.")
