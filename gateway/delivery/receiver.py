"""What is posted to one endpoint: the bytes, the headers that prove them, and our login there."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from gateway import tracing
from gateway.delivery.caller import Request
from gateway.delivery.hiding import HIDDEN, Hidden, hidden_of
from gateway.delivery.lane import Owed, Terms
from gateway.delivery.signing import Signer
from gateway.delivery.traced import trace_of
from gateway.keys import unseal
from gateway.model.delivery import USER_AGENT
from gateway.model.endpoint_secrets import EndpointSecrets, place_of
from gateway.model.ids import public
from gateway.model.log import Entry, entry_json
from gateway.pii.events import StandIn, masked_event
from gateway.store.deliveries import DueRow, EndpointRow

#: Bytes of an event that is looked through in a thread.
LONG = 8_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request, and its headers as they may be kept: without logins.

    Attributes:
        request: as it is made.
        shown: its headers, as JSON text.
        hidden: what must not be kept of an answer.
    """

    request: Request
    shown: str
    hidden: Hidden


class Receiver:
    """An endpoint as it stands in the database, ready to be posted to.

    Args:
        tenant_id: its tenant.
        endpoint_id: its id.
        row: as it was read.
        key: the data key that its secrets are sealed with.
        now: the clock: expired secrets sign no more.
        stand_in: makes what is sent in place of others' ids where personal data is hidden.

    Raises:
        KeyUnusable: when its secrets can't be opened.
    """

    def __init__(
        self, tenant_id: UUID, endpoint_id: UUID, row: EndpointRow, key: bytes, now: datetime, stand_in: StandIn
    ) -> None:
        opened = unseal(key, row.sealed, place_of(tenant_id, endpoint_id))
        self.secrets = EndpointSecrets.model_validate_json(opened)
        self.url = row.url
        self.endpoint_id = endpoint_id
        self.auth_type = row.auth_type
        self.warnings = row.warnings
        self._masks = row.masks
        self._stand_in = stand_in
        self.terms = Terms(
            version=row.version,
            serves=row.serves,
            gone=row.gone,
            steps=tuple(row.retry_seconds),
            max_in_flight=row.max_in_flight,
            per_second=row.per_second,
            ordered=row.ordered,
        )
        self._schemes = tuple(row.schemes)
        self.timeout_seconds = row.timeout_ms / 1000
        headers: dict[str, str] = orjson.loads(row.headers)
        self._headers = {"content-type": "application/json", "user-agent": USER_AGENT, **headers}
        self._login = self._login_headers()
        self._hidden = hidden_of(self._login)
        self._sign_with(now)

    def prepare(self, owed: Owed, now: datetime, authorization: str | None = None) -> Prepared:
        """Make the request of an attempt.

        Args:
            owed: what is delivered.
            now: the time-stamp that is signed.
            authorization: what an OAuth 2 server gave us.
        """
        if self._expires is not None and now >= self._expires:
            self._sign_with(now)
        signer = self._signer if owed.secret_id is None else self._signer_of(owed.secret_id)
        message_id = public("evt", owed.event_id)
        body = owed.body
        if self._masks is not None and owed.kind != "ping":
            body = masked_event(body, self._masks, self._stand_in)
        headers = {
            **self._headers,
            **signer.headers(message_id, now, body),
            "postgate-delivery": public("dlv", owed.id),
            "postgate-attempt": str(owed.attempts + 1),
        }
        if owed.seq is not None:
            headers["postgate-seq"] = str(owed.seq)
        if owed.previous_seq is not None:
            headers["postgate-previous-seq"] = str(owed.previous_seq)
        if owed.conversation_sequence is not None:
            headers["postgate-conversation-sequence"] = str(owed.conversation_sequence)
        if (tracer := tracing.current) is not None:
            headers["traceparent"] = tracer.parent(*trace_of(owed))
        login = self._login if authorization is None else {"authorization": authorization}
        shown = orjson.dumps({**headers, **dict.fromkeys(login, HIDDEN)}).decode()
        hidden = hidden_of(login) if authorization is not None else self._hidden
        return Prepared(Request(self.url, {**headers, **login}, body, self.timeout_seconds), shown, hidden)

    def is_slow(self, owed: Owed) -> bool:
        """Tell whether to prepare this takes long, and is to be done beside everything else."""
        return self._masks is not None and len(owed.body) > LONG

    def _login_headers(self) -> Mapping[str, str]:
        login = self.secrets.login
        match self.auth_type:
            case "basic":
                pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
                return {"authorization": f"Basic {pair}"}
            case "bearer":
                return {"authorization": f"Bearer {login.token}"}
            case "headers":
                return login.headers
            case _:
                return {}

    def _sign_with(self, now: datetime) -> None:
        alive = self.secrets.alive(now)
        self._signer = Signer(alive, self._schemes)
        ends = [one.expires_at for one in (*alive.secrets, *alive.keys) if one.expires_at is not None]
        self._expires = min(ends, default=None)

    def _signer_of(self, secret_id: str) -> Signer:
        """Return what signs with one secret alone, and with the private key that was made with it."""
        secrets = EndpointSecrets(
            secrets=[one for one in self.secrets.secrets if one.id == secret_id],
            keys=[one for one in self.secrets.keys if one.id == secret_id],
        )
        return Signer(secrets, self._schemes) if secrets.secrets else self._signer


def owed_of(tenant_id: UUID, row: DueRow) -> Owed:
    """Return a delivery with the bytes that are sent: the event as the stream shows it."""
    if row.kind == "ping":
        body = (row.body or "").encode()
    else:
        body = entry_json(
            Entry(
                tenant_id,
                row.seq or 0,
                row.event_id,
                row.event_type,
                row.conversation_id,
                row.happened_at,
                row.body or "null",
            )
        )
    return Owed(
        id=row.id,
        kind=row.kind,
        event_id=row.event_id,
        event_type=row.event_type,
        seq=row.seq,
        previous_seq=row.previous_seq,
        conversation_sequence=row.conversation_sequence,
        tries=row.tries,
        attempts=row.attempts,
        secret_id=row.secret_id,
        happened_at=row.happened_at.timestamp(),
        body=body,
    )
