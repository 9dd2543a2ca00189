"""Accounts at the imitated providers: who may send, from which addresses, and where the webhooks of it go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from channels.http import Headers, HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account at a provider.

    Attributes:
        provider: its name.
        credentials: as the provider's adapter takes them; some of them sign the webhooks.
        signing_keys: private keys (PEM), by the name of the credential that holds the public one.
        addresses: ours there, with the kind of channel of each.
        hook_url: where its webhooks go, as the provider knows it: some sign this.
        post_url: the same, as this machine reaches it.
    """

    provider: str
    credentials: Mapping[str, Any] = field(repr=False)
    signing_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    addresses: Sequence[tuple[str, str]] = ()
    hook_url: str
    post_url: str

    def has(self, kind: str, address: str) -> bool:
        """Tell whether an address of ours is of this account; mail addresses in any case."""
        return any(known == kind and own.lower() == address.lower() for known, own in self.addresses)

    def secret(self, name: str) -> str:
        """Return a credential; empty when there is none of that name."""
        found = self.credentials.get(name)
        return found if isinstance(found, str) else ""

    def reached(self, url: str) -> str | None:
        """Return a callback URL as this machine reaches it; None when it leads anywhere but to our webhooks."""
        rest = url.removeprefix(self.hook_url)
        if not url.startswith(self.hook_url) or (rest and rest[0] not in "?#"):
            return None
        return self.post_url + rest


#: What an imitation asks for: the accounts at its provider.
Accounts = Sequence[Account]


def accounts_of(facts: Mapping[str, Any]) -> list[Account]:
    """Return the accounts that a ready file tells of.

    Args:
        facts: what the file holds.
    """
    return [
        Account(
            provider=one["provider"],
            credentials=one["credentials"],
            signing_keys=one.get("signing_keys", {}),
            addresses=[(channel["kind"], channel["address"]) for channel in one["channels"]],
            hook_url=one["hook_url"],
            post_url=cast(str, facts["base_url"]) + urlsplit(one["hook_url"]).path,
        )
        for one in facts["integrations"]
    ]


def to_hook(account: Account, content_type: str, body: bytes, url: str | None = None) -> HttpRequest:
    """Make a webhook to an account's own URL, or to another that it gave; not signed yet."""
    return HttpRequest("POST", url or account.hook_url, Headers.of({"content-type": content_type}), body)
