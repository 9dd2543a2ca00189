"""What an imitation of a provider consists of: values in, values out; the server does the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels.adapter import Adapter
from channels.http import HttpRequest, HttpResponse
from channels.registry import ADAPTERS
from gateway.simulator.accounts import Account, Accounts
from gateway.simulator.files import Files

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that a provider took.

    Attributes:
        id: the provider's id of it.
        account: who sent it.
        channel: whatsapp, sms or email.
        sender: our address.
        recipient: the customer's, in one spelling: E.164 with the plus, or a mail address.
        text: its words; of a file without any, what kind of file it is.
        course: the provider's words for what becomes of it, in their order.
        reference: our own id, which comes back.
        callback_url: where we want to be told what becomes of it.
        subject: of a mail.
        message_id: of a mail, without brackets.
        reply_to: where an answer to a mail goes.
        references: of a mail, as its header has them.
    """

    id: str
    account: Account
    channel: str
    sender: str
    recipient: str
    text: str
    course: Sequence[str]
    reference: str | None = None
    callback_url: str | None = None
    subject: str = ""
    message_id: str = ""
    reply_to: str = ""
    references: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a customer writes to us.

    Attributes:
        account: whose customer.
        channel: whatsapp, sms or email.
        address: of ours.
        customer: their address, spelled as in ``Message``.
        name: theirs; empty when nobody knows it.
        text: the words.
        subject: of a mail.
        answers: the message that this is an answer to.
    """

    account: Account
    channel: str
    address: str
    customer: str
    name: str
    text: str
    subject: str = ""
    answers: Message | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What an imitation works with: the accounts at its provider, files, and ids that nobody had before."""

    accounts: Accounts
    files: Files
    new_id: Callable[[], str]


class Rejected(Exception):
    """A request that the provider does not take, with its answer to it."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__(f"answered {answer.status}")
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Imitation:
    """A provider's API, imitated.

    Attributes:
        provider: its name.
        sends: paths, as aiohttp's router writes them, that messages are posted to.
        take: reads such a post: a message, or the answer to a post that asks for something else.
        accept: ``(message, now)``, the answer to a message that was taken.
        refuse: ``(reason, retry_after)``, the answer to one that was not; see ``behaviour.REASONS``.
        status: ``(message, word, reason, now, unique)``, the webhook that tells what became of a message; ``reason``
            is None unless it failed. None when nobody is to be told.
        write: ``(written, now, unique)``, the webhook that brings what a customer wrote.
        failed: the last word on a message that could not be delivered, after being taken.
        asks: other requests, by method and path, with what answers them.
        sign: ``(request, account, now)``, other than the adapter's.
    """

    provider: str
    sends: Sequence[str]
    take: Callable[[HttpRequest, Desk], Message | HttpResponse]
    accept: Callable[[Message, datetime], HttpResponse]
    refuse: Callable[[str, int | None], HttpResponse]
    status: Callable[[Message, str, str | None, datetime, str], HttpRequest | None]
    write: Callable[[Written, datetime, str], HttpRequest]
    failed: str
    asks: Mapping[tuple[str, str], Callable[[HttpRequest, Desk], HttpResponse]] = field(default_factory=dict)
    sign: Callable[[HttpRequest, Account, datetime], HttpRequest] | None = None

    def signed(self, request: HttpRequest, account: Account, now: datetime) -> HttpRequest:
        """Sign a webhook as the provider would."""
        if self.sign is not None:
            return self.sign(request, account, now)
        return signed_by_adapter(ADAPTERS[self.provider], request, account, now)


def signed_by_adapter(adapter: Adapter, request: HttpRequest, account: Account, now: datetime) -> HttpRequest:
    """Sign a webhook as the provider's adapter can.

    Raises:
        LookupError: when it can't.
    """
    if adapter.sign is None:
        raise LookupError(f"{adapter.provider} can't be imitated")
    return adapter.sign(request, adapter.credentials.model_validate(account.credentials), now)
