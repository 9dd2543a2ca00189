"""Messages on their way out: the request that sends one, and what the answer means.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

from collections.abc import Mapping
from typing import Any, assert_never

from channels.errors import CannotSend
from channels.events import ContactCard, Location
from channels.http import HttpRequest, HttpResponse
from channels.json_fields import NOTHING, Object, id_in, list_in, object_in, text_in
from channels.outbound import (
    Accepted,
    Buttons,
    ChoiceList,
    Contacts,
    FlowButton,
    LinkButton,
    LocationRequest,
    OutboundMessage,
    Reaction,
    Refused,
    SendResult,
    Template,
)
from channels.phone_addresses import is_user_id
from channels.refusals import Problem, answer_of, refused
from channels.whatsapp.access import Access
from channels.whatsapp.files import file_message
from channels.whatsapp.interactive import interactive_message
from channels.whatsapp.limits import LONGEST_TEXT, bounded
from channels.whatsapp.problems import LOGIN, PROBLEMS, THROTTLED, TROUBLE, UNNAMED
from channels.whatsapp.template_messages import template_message


def build_message(message: OutboundMessage, access: Access) -> HttpRequest:
    """Make the request that sends a message.

    ``biz_opaque_callback_data`` brings our own id back with every status, so that a message is found again even when
    the answer to this request was lost.

    Raises:
        CannotSend: when WhatsApp has no such message.
    """
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        **_recipient(message.recipient),
        "biz_opaque_callback_data": message.reference,
        **_content(message),
    }
    if message.in_reply_to and not isinstance(message.content, Reaction):
        body["context"] = {"message_id": message.in_reply_to}
    return access.post(message.sender, "messages", body)


def _recipient(address: str) -> Object:
    if is_user_id(address):
        return {"recipient_type": "individual", "recipient": address}
    is_number = address.removeprefix("+").isdigit()
    return {"recipient_type": "individual" if is_number else "group", "to": address}


def _content(message: OutboundMessage) -> Mapping[str, Any]:
    if message.content is not None:
        return _special(message)
    if len(message.media) > 1:
        raise CannotSend("too_many_files", "a WhatsApp message holds one file at most")
    if message.media:
        return file_message(message.media[0], message.text)
    return _text(message.text)


def _special(message: OutboundMessage) -> Mapping[str, Any]:
    content = message.content
    if message.media:
        raise CannotSend("files_unsupported", "this kind of message takes no files; send them on their own")
    match content:
        case Reaction():
            return _reaction(message, content)
        case Template():
            return template_message(content)
        case Buttons() | ChoiceList() | LinkButton() | FlowButton() | LocationRequest():
            return interactive_message(content, message.text)
        case Location() | Contacts() if message.text:
            raise CannotSend("caption_unsupported", "WhatsApp takes no text beside it; send it on its own")
        case Location():
            return {"type": "location", "location": _place(content)}
        case Contacts():
            return {"type": "contacts", "contacts": _cards(content)}
        case None:
            raise CannotSend("message_empty", "a WhatsApp message needs a text or a file")
        case _:
            assert_never(content)


def _reaction(message: OutboundMessage, reaction: Reaction) -> Object:
    if not message.in_reply_to:
        raise CannotSend("reaction_without_message", "a reaction needs the message that it is about")
    return {"type": "reaction", "reaction": {"message_id": message.in_reply_to, "emoji": reaction.emoji}}


def _text(text: str | None) -> Object:
    if not text:
        raise CannotSend("message_empty", "a WhatsApp message needs a text or a file")
    body = bounded(text, "the text", LONGEST_TEXT)
    return {"type": "text", "text": {"body": body, "preview_url": "://" in text}}


def _place(place: Location) -> Object:
    if not (abs(place.latitude) <= 90 and abs(place.longitude) <= 180):
        raise CannotSend("location_unusable", "the place has no latitude and longitude on earth")
    named = {"name": place.name, "address": place.address}
    return {"latitude": place.latitude, "longitude": place.longitude} | {
        key: value for key, value in named.items() if value
    }


def _cards(contacts: Contacts) -> list[Object]:
    if not contacts.cards:
        raise CannotSend("contacts_missing", "there is no contact to send")
    return [_card(card) for card in contacts.cards]


def _card(card: ContactCard) -> Object:
    if not card.name or not card.name.strip():
        raise CannotSend("contact_unnamed", "WhatsApp takes no contact without a name")
    # Beside the whole name WhatsApp wants one of its parts, and we do not know which word is which.
    shown: dict[str, Any] = {"name": {"formatted_name": card.name, "first_name": card.name}}
    if card.phones:
        shown["phones"] = [{"phone": phone} for phone in card.phones]
    if card.emails:
        shown["emails"] = [{"email": email} for email in card.emails]
    return shown


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what the answer to a send means. The error code in it decides; the HTTP status is unreliable."""
    document = answer_of(response)
    if response.status // 100 != 2:
        return refusal(response)
    sent = next((item for item in list_in(document, "messages") if type(item) is dict), NOTHING)
    external_id = id_in(sent, "id")
    if external_id:
        return Accepted(external_id)
    return refused(response, "answer_unreadable", TROUBLE)


def refusal(response: HttpResponse, trouble: Problem = TROUBLE) -> Refused:
    """Return the refusal that an answer comes to.

    Args:
        response: the answer.
        trouble: what internal trouble comes to: a message may have been sent all the same, but what does no harm when
            it is asked twice can be asked again.
    """
    document = answer_of(response)
    error = object_in(document, "error")
    code = id_in(error, "code")
    problem = PROBLEMS.of(code)
    if response.status == 429:
        problem = THROTTLED
    elif problem == TROUBLE or (problem == UNNAMED and response.status >= 500):
        problem = trouble
    elif code is None and response.status in {401, 403}:
        problem = LOGIN
    said = text_in(object_in(error, "error_data"), "details") or text_in(error, "message")
    return refused(response, code, problem, said or text_in(object_in(document, "meta"), "developer_message"))
