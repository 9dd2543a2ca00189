"""Changes that are neither messages nor statuses: preferences, problems, and fields we only take note of."""

from typing import Any

from channels.events import Other
from channels.json_fields import Object, Unreadable, id_in, moment_in, text_in
from channels.phone_addresses import spelled
from channels.whatsapp.alarms import alarm_about, alarm_of
from channels.whatsapp.change import Change, common, user_id_in
from channels.whatsapp.problems import problem_in

#: What a customer chose about marketing messages, in the words of opting out.
MARKETING = {"stop": "stop", "resume": "start", "signup": "start"}


def read_preference(item: Any, change: Change) -> Other:
    """Read one item of ``value.user_preferences``: a customer stopped or resumed marketing messages.

    Raises:
        Unreadable: when it is not an object.
    """
    if type(item) is not dict:
        raise Unreadable("a user preference is not an object")
    number, user_id = id_in(item, "wa_id"), user_id_in(item, "user_id")
    sender = spelled(number) if number else user_id
    found = {"category": text_in(item, "category"), "value": text_in(item, "value"), "user_id": user_id}
    return Other(
        **common(change),
        external_id="",
        occurred_at=moment_in(item, "timestamp"),
        extra={key: value for key, value in found.items() if value} | _marketing(item),
        subtype="user_preference",
        sender=sender,
        recipients=change.ours,
        text=text_in(item, "detail"),
    )


def _marketing(item: Object) -> dict[str, str]:
    """Tell that somebody no longer wants marketing, or does again. Anything else may still be sent to them."""
    word = MARKETING.get(text_in(item, "value") or "")
    return {"marketing_opt_out": word} if word and item.get("category") == "marketing_messages" else {}


def read_problem(item: Any, change: Change) -> Other:
    """Read one item of ``value.errors``: trouble with the app or the number, not with one message.

    Raises:
        Unreadable: when it is not an object.
    """
    if type(item) is not dict:
        raise Unreadable("an error is not an object")
    code, details = problem_in(item)
    return Other(
        **common(change),
        external_id="",
        occurred_at=change.happened_at,
        extra=({"details": details} if details else {}) | {"alarm": alarm_about(item, change)},
        subtype="provider_error",
        recipients=change.ours,
        text=text_in(item, "message") or text_in(item, "title"),
        error_code=code,
        error_message=details,
    )


def read_field(change: Change) -> Other:
    """Take note of a change of the account, a number or a template; the list of fields grows without notice.

    What an administrator has to know of comes with ``extra.alarm``.
    """
    plain = {key: value for key, value in change.value.items() if type(value) in {str, int, float, bool}}
    plain.pop("messaging_product", None)
    alarm = alarm_of(change)
    return Other(
        **common(change),
        external_id="",
        occurred_at=change.happened_at,
        extra=plain | {"waba_id": change.business_account} | ({"alarm": alarm} if alarm else {}),
        subtype=change.name,
        recipients=change.ours,
    )
