"""Writing to customers: into a conversation, or first; sending again; taking back what has not gone out yet."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import Field

from channels.phone_numbers import aliases, e164
from gateway.api.channels import MAILBOX, Words
from gateway.api.composing import Composer, MessageBody, require_open
from gateway.api.idempotency import IDEMPOTENCY, once
from gateway.api.services import Services
from gateway.model.fields import ChannelId
from gateway.model.ids import parse, sample_id
from gateway.model.log import Entry
from gateway.model.message import Message
from gateway.model.sending import PER_SECOND, Content, reference_of
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import (
    ConnectionDisabled,
    CustomerBlocked,
    Fault,
    Invalid,
    KeyReused,
    NotFound,
    OptedOut,
    WindowClosed,
    WrongState,
)
from gateway.store import log, sending, targets
from gateway.store.pool import TenantTx, tenant_tx

Found = TypeVar("Found")

TAG = "Messages"
#: Why nothing is sent.
OBSTACLES = (WindowClosed, OptedOut, CustomerBlocked, ConnectionDisabled)
#: The kinds of identity that an address of a channel may be, the one to keep it under first.
IDENTITIES = {"whatsapp": ("whatsapp", "phone"), "sms": ("phone", "whatsapp"), "email": ("email",)}


class ConversationBody(MessageBody):
    """A message to somebody who need not have written before."""

    channel_id: ChannelId
    to: Words = Field(description="A phone number or a mail address.", examples=["+12025550123"])
    name: Words | None = Field(default=None, description="Of the customer, if nobody is known under that address.")


class RetryBody(BodyModel):
    """How to send again."""

    may_duplicate: bool = Field(
        default=False, description="Needed for a message of which it is not known whether it was sent."
    )


SEND = Operation(
    method="POST",
    path="/api/v1/conversations/{id}/messages",
    name="send_message",
    tag=TAG,
    summary="Write to a customer.",
    description="The message is stored with the status queued, and sent as soon as its channel may. Marks the"
    " conversation as read. Writes message.created to the log.",
    query=NoQuery,
    body=MessageBody,
    permission="messages.send",
    audit=Audit("send", "messages", "conversations"),
    example={"text": "Here is your invoice.", "attachments": [sample_id("file")], "reply_to_id": sample_id("msg")},
    answers={201: Answer("The message.", Message)},
    problems=(*OBSTACLES, KeyReused),
    headers=IDEMPOTENCY,
    id_prefix="cnv",
)
START = Operation(
    method="POST",
    path="/api/v1/conversations",
    name="start_conversation",
    tag=TAG,
    summary="Write to somebody first.",
    description="Goes into the conversation with whoever has that address, on that channel; by mail, into a new one."
    " Makes customer and conversation if need be. Writes customer.created, conversation.created and message.created.",
    query=NoQuery,
    body=ConversationBody,
    permission="messages.send",
    audit=Audit("send", "messages"),
    example={"channel_id": sample_id("ch"), "to": "+12025550123", "name": "Jane Doe", "text": "Good morning"},
    answers={201: Answer("The message.", Message)},
    problems=(*OBSTACLES, KeyReused),
    headers=IDEMPOTENCY,
)
RETRY = Operation(
    method="POST",
    path="/api/v1/messages/{id}/retry",
    name="retry_message",
    tag=TAG,
    summary="Send a message again that failed.",
    description="One of which it is not known whether it was sent needs may_duplicate. Writes message.status_changed.",
    query=NoQuery,
    body=RetryBody,
    permission="messages.send",
    audit=Audit("change", "messages"),
    example={"may_duplicate": True},
    answers={200: Answer("The message as it is now.", Message)},
    problems=(*OBSTACLES, WrongState),
    id_prefix="msg",
)
CANCEL = Operation(
    method="POST",
    path="/api/v1/messages/{id}/cancel",
    name="cancel_message",
    tag=TAG,
    summary="Take a message back that has not gone out yet.",
    description="Writes message.deleted to the log.",
    query=NoQuery,
    body=NoBody,
    permission="messages.send",
    audit=Audit("change", "messages"),
    answers={200: Answer("The message as it is now.", Message)},
    problems=(WrongState,),
    id_prefix="msg",
)


class Sending:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._composer = Composer(services.keyring, services.public_url, self._new_id)

    async def send(self, call: Call[NoQuery, MessageBody]) -> web.StreamResponse:
        """Accept a message into a conversation."""
        entries: list[Entry] = []
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:

            async def work() -> str:
                return await self._accept(tx, call.id, call.body, call.caller.user_id, entries)

            answer = call.made(await once(tx, call, work))
        self._done(entries)
        return json_answer(answer, 201)

    async def start(self, call: Call[NoQuery, ConversationBody]) -> web.StreamResponse:
        """Accept a message to an address."""
        entries: list[Entry] = []
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:

            async def work() -> str:
                return await self._begin(tx, call.body, call.caller.user_id, entries)

            answer = call.made(await once(tx, call, work))
        self._done(entries)
        return json_answer(answer, 201)

    async def retry(self, call: Call[NoQuery, RetryBody]) -> web.StreamResponse:
        """Queue a message once more."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            conversation_id = _there(await sending.conversation_of(tx, call.id))
            target = _there(await targets.lock_target(tx, conversation_id))
            send = _there(await sending.lock_send(tx, call.id))
            if send.status == "unknown" and not call.body.may_duplicate:
                raise WrongState("it is not known whether this message was sent; the customer might get it twice")
            if send.status not in {"failed", "unknown"}:
                raise WrongState(f"only a message that failed is sent again; this one is {send.status}")
            content = Content.model_validate_json(send.content)
            require_open(target, self._services.clock(), template=content.template is not None)
            await sending.queue_again(tx, send, target, self._reference(send, target), PER_SECOND[target.kind])
            entry = await self._tell(tx, "message.status_changed", send)
        self._done([entry])
        return json_answer(entry.data)

    async def cancel(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Take a message out of the queue."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            send = _there(await sending.lock_send(tx, call.id))
            if send.state != "queued" or send.leased:
                raise WrongState("this message has gone out already")
            await sending.cancel(tx, call.id)
            entry = await self._tell(tx, "message.deleted", send)
        self._done([entry])
        return json_answer(entry.data)

    async def _accept(
        self, tx: TenantTx, conversation_id: UUID, body: MessageBody, author_id: UUID | None, entries: list[Entry]
    ) -> str:
        """Store a message with its log entry; returns it as JSON text."""
        target = await targets.lock_target(tx, conversation_id)
        if target is None:
            raise NotFound("there is no such conversation")
        message = await self._composer.compose(tx, target, body, author_id, self._moment())
        await sending.add(tx, target, message)
        await log.lock_head(tx)
        shown = await sending.message_json(tx, message.id)
        conversation = await sending.conversation_json(tx, conversation_id)
        data = f'{shown[:-1]},"conversation":{conversation}}}'
        entries.append(await log.append(tx, "message.created", conversation_id, data, message.id))
        return shown

    async def _begin(self, tx: TenantTx, body: ConversationBody, author_id: UUID | None, entries: list[Entry]) -> str:
        """Find or make customer and conversation, then store the message."""
        address = await targets.channel(tx, parse("ch", body.channel_id))
        if address is None:
            raise _invalid("/channel_id", "there is no such channel")
        values = _spellings(body.to, address)
        new_customer, new_conversation = self._new_id(), self._new_id()
        customer_id = await targets.find_or_make_customer(tx, IDENTITIES[address.kind], values, new_customer, body.name)
        conversation_id = await targets.find_or_make_conversation(
            tx, address, customer_id, new_conversation, body.subject, self._moment()
        )
        target = await targets.lock_target(tx, conversation_id)
        if target is None:
            raise NotFound("there is no such conversation")
        target = replace(target, recipient=values[0])
        message = await self._composer.compose(tx, target, body, author_id, self._moment())
        await sending.add(tx, target, message)
        await log.lock_head(tx)
        conversation = await sending.conversation_json(tx, conversation_id)
        if customer_id == new_customer:
            shown = await sending.customer_json(tx, customer_id)
            entries.append(await log.append(tx, "customer.created", None, shown, customer_id))
        if conversation_id == new_conversation:
            entries.append(await log.append(tx, "conversation.created", conversation_id, conversation, conversation_id))
        shown = await sending.message_json(tx, message.id)
        data = f'{shown[:-1]},"conversation":{conversation}}}'
        entries.append(await log.append(tx, "message.created", conversation_id, data, message.id))
        return shown

    async def _tell(self, tx: TenantTx, kind: str, send: sending.Queued) -> Entry:
        """Write of a message that changed to the log; its lock is taken last, as every writer does."""
        await log.lock_head(tx)
        shown = await sending.message_json(tx, send.message_id)
        return await log.append(tx, kind, send.conversation_id, shown, self._new_id())

    def _reference(self, send: sending.Queued, target: targets.Target) -> str:
        """Return what to call a message that is sent again.

        A mail that may have arrived keeps its Message-ID, so that mail servers can drop the second one.
        """
        if send.medium == "email" and send.status == "unknown":
            return send.reference
        return reference_of(send.message_id, send.round + 1, target.kind, target.address, target.settings)

    def _done(self, entries: list[Entry]) -> None:
        """Tell everybody, after the commit."""
        if entries:
            self._services.announce(entries)
            self._services.message_queued()

    def _moment(self) -> datetime:
        """Return now, in the milliseconds that the log tells: both must put things in the same order."""
        now = self._services.clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _new_id(self) -> UUID:
        return self._services.new_id(int(self._services.clock().timestamp() * 1000))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Sending(services)
    api.add(SEND, handlers.send)
    api.add(START, handlers.start)
    api.add(RETRY, handlers.retry)
    api.add(CANCEL, handlers.cancel)


def _there(found: Found | None) -> Found:
    if found is None:
        raise NotFound("there is no such message of ours, or it went out too long ago")
    return found


def _spellings(to: str, address: targets.Address) -> list[str]:
    """Return an address in the one way in which webhooks will name it, and what else the same number may be called."""
    if address.kind == "email":
        if not MAILBOX.fullmatch(to.strip()):
            raise _invalid("/to", "write a mail address like customer@example.org")
        return [to.strip().lower()]
    number = e164(to, address.settings.get("country"))
    if not (number.startswith("+") and number[1:].isascii() and number[1:].isdigit()):
        raise _invalid("/to", "write a phone number with its country code, like +12025550123")
    return [number, *aliases(number)]


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid("this can't be sent", [Fault("body", pointer, detail)])
