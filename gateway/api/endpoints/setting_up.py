"""From what somebody entered to what is stored of an endpoint: checked, sealed, and with what stays as it was."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from gateway.api.endpoints.bodies import EndpointBody, EndpointChange
from gateway.api.endpoints.header_names import header_faults, pointer_to, size_faults
from gateway.api.endpoints.logins import LoginBody, OAuth2Login, leads_elsewhere, login_of, require_entered
from gateway.api.endpoints.logins import shown_of as shown_login
from gateway.api.endpoints.signing import V1A, new_key, public_key_of
from gateway.api.endpoints.signing import shown_of as shown_secrets
from gateway.api.services import Services
from gateway.keys import seal, unseal
from gateway.model.endpoint_secrets import EndpointSecrets, Login, place_of
from gateway.model.event_types import like
from gateway.model.ids import parse, public
from gateway.outgoing.egress import is_inside
from gateway.outgoing.registration import UrlVerdict
from gateway.outgoing.target import target_of
from gateway.problems import Fault, Invalid
from gateway.store import webhook_endpoints as store
from gateway.store.connections import DataKey
from gateway.store.pool import TenantTx

#: What a change may set without anything else following from it.
PLAIN = ("url", "description", "headers", "timeout_ms", "retry_seconds", "max_in_flight", "ordering", "mask_pii")


async def check_urls(check: Callable[[str], Awaitable[UrlVerdict]], url: str | None, login: LoginBody | None) -> None:
    """Refuse URLs that may not be called; what a name means is looked at again at every call.

    A name that means nothing at the moment is taken: it may be about to be set up, or its server be down.

    Raises:
        Invalid: naming the URL and the reason.
    """
    token_url = login.token_url if isinstance(login, OAuth2Login) else None
    for place, one in (("/url", url), ("/auth/token_url", token_url)):
        if one is None:
            continue
        verdict = await check(one)
        unknown = verdict.verdict == "blocked" and not verdict.addresses
        if verdict.verdict == "allowed" or (unknown and not is_inside(target_of(one).host)):
            continue
        raise Invalid("this URL is not acceptable", [Fault("body", place, verdict.reason or "it can't be called")])


async def check_filters(tx: TenantTx, channels: Sequence[str] | None, labels: Sequence[str] | None) -> None:
    """Refuse channels and labels that are not there.

    Raises:
        Invalid: naming the list.
    """
    faults = []
    wanted = ids_of("ch", channels)
    if wanted and await store.channels_there(tx, wanted) != set(wanted):
        faults.append(Fault("body", "/channel_ids", "one of these channels is not there"))
    wanted = ids_of("lbl", labels)
    if wanted and await store.labels_there(tx, wanted) != set(wanted):
        faults.append(Fault("body", "/label_ids", "one of these labels is not there"))
    if faults:
        raise Invalid("a filter names something that is not there", faults)


def check_headers(headers: Mapping[str, str], login: Login) -> None:
    """Refuse headers that may not be sent along, or are there twice.

    Raises:
        Invalid: naming each of them.
    """
    faults = header_faults(headers, "/headers", secret=False) + size_faults(headers, "/headers")
    in_login = {name.lower() for name in login.headers}
    both = [name for name in headers if name.lower() in in_login]
    faults += [Fault("body", pointer_to("/headers", name), "auth has this header too") for name in both]
    if faults:
        raise Invalid("some headers are not acceptable", faults)


def first_setup(body: EndpointBody, secrets: EndpointSecrets, sealed: bytes) -> store.Setup:
    """Return what is to be stored of a new endpoint."""
    return store.Setup(
        url=body.url,
        description=body.description,
        event_types=_once(body.event_types),
        type_patterns=[like(one) for one in _once(body.event_types)],
        channel_ids=ids_of("ch", body.channel_ids),
        label_ids=ids_of("lbl", body.label_ids),
        auth=shown_login(body.auth.type, secrets.login),
        headers=body.headers,
        schemes=_once(body.schemes),
        public_key=public_key_of(secrets),
        secrets=shown_secrets(secrets.secrets),
        sealed=sealed,
        timeout_ms=body.timeout_ms,
        retry_seconds=body.retry_seconds,
        max_in_flight=body.max_in_flight,
        per_second=body.per_second,
        ordering=body.ordering,
        mask_pii=body.mask_pii,
    )


def changed_setup(setup: store.Setup, body: EndpointChange) -> store.Setup:
    """Return what is to be stored of a changed endpoint, but for what its secrets say."""
    changes: dict[str, Any] = {  # Any: of the fields of Setup
        name: getattr(body, name) for name in PLAIN if getattr(body, name) is not None
    }
    if body.event_types is not None:
        types = _once(body.event_types)
        changes |= {"event_types": types, "type_patterns": [like(one) for one in types]}
    if "channel_ids" in body.model_fields_set:
        changes["channel_ids"] = ids_of("ch", body.channel_ids)
    if "label_ids" in body.model_fields_set:
        changes["label_ids"] = ids_of("lbl", body.label_ids)
    if "per_second" in body.model_fields_set:
        changes["per_second"] = body.per_second
    if body.schemes is not None:
        changes["schemes"] = _once(body.schemes)
    return replace(setup, **changes)


def changed_login(setup: store.Setup, body: EndpointChange, secrets: EndpointSecrets) -> tuple[str, Login]:
    """Return the type and the parts of how we are to log in.

    Raises:
        Invalid: when it is not complete, or would tell a stored secret to another server.
    """
    kind, former = str(setup.auth["type"]), secrets.login
    same = body.auth is None or body.auth.type == kind
    login = former if body.auth is None else login_of(body.auth, former if same else None)
    if same and leads_elsewhere((setup.url, former), (body.url or setup.url, login)):
        require_entered(kind, body.auth)
    return kind if body.auth is None else body.auth.type, login


class Sealing:
    """Opens and seals what is secret of endpoints."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def opened(self, tenant_id: UUID, endpoint: store.Endpoint) -> EndpointSecrets:
        """Return an endpoint's secrets.

        Raises:
            KeyUnusable: when the master key that they were sealed under is not here.
        """
        key = await self._services.keyring.unwrap(endpoint.key.wrapped)
        return EndpointSecrets.model_validate_json(unseal(key, endpoint.setup.sealed, place_of(tenant_id, endpoint.id)))

    async def sealed(self, tenant_id: UUID, endpoint_id: UUID, key: DataKey, secrets: EndpointSecrets) -> bytes:
        """Encrypt secrets for their endpoint."""
        opened = await self._services.keyring.unwrap(key.wrapped)
        return seal(opened, secrets.model_dump_json().encode(), place_of(tenant_id, endpoint_id))

    def with_keys(self, secrets: EndpointSecrets, schemes: Collection[str]) -> EndpointSecrets:
        """Return secrets with a private key if the schemes need one, and with none if they don't."""
        if V1A not in schemes:
            return secrets.model_copy(update={"keys": []})
        keys = secrets.keys or [new_key(self.fresh_name(), self._services.secret, self._services.clock())]
        return secrets.model_copy(update={"keys": keys})

    def fresh_name(self) -> str:
        """Return an id for a secret."""
        return public("sec", self._services.new_id(int(self._services.clock().timestamp() * 1000)))


def ids_of(prefix: str, ids: Sequence[str] | None) -> list[UUID] | None:
    """Return ids, each once, in order; None stays None."""
    return None if ids is None else list(dict.fromkeys(parse(prefix, one) for one in ids))


def _once(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(words))
