"""What an administrator has to know about the account, its numbers and its templates, in sentences.

Fields: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
An alarm is ``{"level": "info" | "warning" | "critical", "sentence": …}``. Meta's own words are kept: they are what its
help pages can be searched for.
"""

from collections.abc import Callable, Mapping

from channels.json_fields import Object, id_in, list_in, object_in, text_in
from channels.whatsapp.change import Change
from channels.whatsapp.problems import ACCOUNT, LOGIN, PROBLEMS, problem_in

INFO, WARNING, CRITICAL = "info", "warning", "critical"
LONGEST_SENTENCE = 500

Alarm = Mapping[str, str]


def alarm_of(change: Change) -> Alarm | None:
    """Return the alarm that a change gives; None when nobody needs to know."""
    reader = READERS.get(change.name)
    return reader(change) if reader is not None else None


def alarm_about(error: Object, change: Change) -> Alarm:
    """Return the alarm that an item of ``value.errors`` gives."""
    code, details = problem_in(error)
    title = text_in(error, "message") or text_in(error, "title")
    problem = PROBLEMS.of(code)
    words = dict.fromkeys(part for part in (title, details) if part)  # often both say the same
    said = ": ".join(words) or "it did not say which"
    sentence = f"WhatsApp reports trouble with {_number(change)}: {said} (code {code or 'unknown'})."
    return _alarm(CRITICAL if problem in {LOGIN, ACCOUNT} else WARNING, sentence)


def _alarm(level: str, sentence: str) -> Alarm:
    return {"level": level, "sentence": sentence[:LONGEST_SENTENCE]}


def _number(change: Change) -> str:
    """Name the number that a change is about."""
    written = id_in(change.value, "display_phone_number") or (change.ours[0] if change.ours else None)
    return f"the number {written}" if written else _account(change)


def _account(change: Change) -> str:
    return f"the WhatsApp business account {change.business_account or 'of this connection'}"


def _word(source: Object, key: str) -> str:
    """Return one of Meta's words, in the spelling of its documentation."""
    return (id_in(source, key) or "unknown").upper()


def _because(source: Object, key: str) -> str:
    """Return a reason with what leads to it; nothing when there is none."""
    reason = text_in(source, key)
    return f" Reason: {reason}." if reason and reason.upper() != "NONE" else ""


def _account_update(change: Change) -> Alarm | None:
    event = _word(change.value, "event")
    reader = ACCOUNT_EVENTS.get(event)
    return reader(change) if reader is not None else None


def _violation(change: Change) -> Alarm:
    kind = _word(object_in(change.value, "violation_info"), "violation_type")
    return _alarm(CRITICAL, f"Meta says that {_account(change)} violates its rules ({kind}); it may be restricted.")


def _ban(change: Change) -> Alarm:
    ban = object_in(change.value, "ban_info")
    state, date = _word(ban, "waba_ban_state"), id_in(ban, "waba_ban_date")
    level, words = BANS.get(state, (CRITICAL, f"is in the state {state}"))
    return _alarm(level, f"Meta says that {_account(change)} {words}{f' ({date})' if date else ''}.")


def _restriction(change: Change) -> Alarm:
    restrictions = [item for item in list_in(change.value, "restriction_info") if type(item) is dict]
    kinds = ", ".join(dict.fromkeys(_word(item, "restriction_type") for item in restrictions)) or "not said how"
    return _alarm(CRITICAL, f"Meta restricted {_account(change)}: {kinds}.")


def _certification(change: Change) -> Alarm:
    found = object_in(change.value, "partner_client_certification_info")
    status = _word(found, "status")
    reasons = ", ".join(reason for reason in list_in(found, "rejection_reasons") if type(reason) is str)
    level = WARNING if status in {"FAILED", "REVOKED", "DISCARDED"} else INFO
    because = f" Reason: {reasons}." if reasons and reasons.upper() != "NONE" else ""
    return _alarm(level, f"The business verification of {_account(change)} is {status}.{because}")


def _says(level: str, words: str) -> Callable[[Change], Alarm]:
    """Return a reader of news that consist of nothing but that it happened."""
    return lambda change: _alarm(level, f"Meta says that {_account(change)} {words}.")


def _alert(change: Change) -> Alarm:
    """Read an alert, whose facts stand in an object of their own, or in older versions beside it."""
    alert = object_in(change.value, "alert_info") or change.value
    level = SEVERITIES.get(_word(alert, "alert_severity"), WARNING)
    description = text_in(alert, "alert_description")
    about = f"{_word(change.value, 'entity_type')} {id_in(change.value, 'entity_id') or ''}".strip()
    sentence = f"Meta alerts about {about} of {_account(change)}: {_word(alert, 'alert_type')}."
    return _alarm(level, f"{sentence} {description}" if description else sentence)


def _review(change: Change) -> Alarm:
    decision = _word(change.value, "decision")
    level = CRITICAL if decision == "REJECTED" else INFO
    return _alarm(level, f"Meta's review of {_account(change)} ended with {decision}.")


def _capability(change: Change) -> Alarm:
    limits = ", ".join(
        f"{key.replace('_', ' ')} is {value}"
        for key in change.value
        if key.startswith("max_") and (value := id_in(change.value, key))
    )
    return _alarm(INFO, f"The limits of {_account(change)} changed: {limits or 'not said how'}.")


def _quality(change: Change) -> Alarm:
    event = _word(change.value, "event")
    limit, old = id_in(change.value, "current_limit"), id_in(change.value, "old_limit")
    limit = limit or id_in(change.value, "max_daily_conversations_per_business")
    now = f" Its messaging limit is {limit}{f', it was {old}' if old else ''}." if limit else ""
    level = WARNING if event in {"FLAGGED", "DOWNGRADE"} else INFO
    return _alarm(level, f"The quality or the limit of {_number(change)} changed: {event}.{now}")


def _display_name(change: Change) -> Alarm:
    decision = _word(change.value, "decision")
    name = text_in(change.value, "requested_verified_name")
    asked = f"The display name {name!r}" if name else "The display name"
    level = WARNING if decision == "REJECTED" else INFO
    return _alarm(level, f"{asked} of {_number(change)} is {decision}.{_because(change.value, 'rejection_reason')}")


def _username(change: Change) -> Alarm:
    status = _word(change.value, "status")
    name = text_in(change.value, "username")
    asked = f"The user name {name!r}" if name else "The user name"
    return _alarm(WARNING if status == "DELETED" else INFO, f"{asked} of {_number(change)} is {status}.")


def _security(change: Change) -> Alarm:
    requester = id_in(change.value, "requester")
    asked = f" Asked for by the user {requester}." if requester else ""
    event = _word(change.value, "event")
    return _alarm(WARNING, f"The two-step verification of {_number(change)} changed: {event}.{asked}")


def _template(change: Change) -> str:
    name = text_in(change.value, "message_template_name") or id_in(change.value, "message_template_id") or "unknown"
    language = text_in(change.value, "message_template_language")
    return f"the template {name}{f' ({language})' if language else ''}"


def _template_status(change: Change) -> Alarm:
    event = _word(change.value, "event")
    disabled = id_in(object_in(change.value, "disable_info"), "disable_date")
    more = text_in(object_in(change.value, "other_info"), "description")
    advice = text_in(object_in(change.value, "rejection_info"), "recommendation")
    parts = (
        f"WhatsApp says that {_template(change)} is {event}{f' from {disabled}' if disabled else ''}."
        + _because(change.value, "reason"),
        more,
        advice,
    )
    level = WARNING if event in BAD_TEMPLATES else INFO
    return _alarm(level, " ".join(part for part in parts if part))


def _template_quality(change: Change) -> Alarm:
    old, new = _word(change.value, "previous_quality_score"), _word(change.value, "new_quality_score")
    level = WARNING if new in {"RED", "YELLOW"} else INFO
    return _alarm(level, f"The quality of {_template(change)} went from {old} to {new}.")


def _template_category(change: Change) -> Alarm:
    """Read a new category. It changes the price of each message, so that it is worth a warning."""
    old, new = id_in(change.value, "previous_category"), _word(change.value, "new_category")
    if old is None:
        coming = id_in(change.value, "correct_category")
        told = f"will get another category{f': {coming}' if coming else ''}; now it is {new}"
    else:
        told = f"changed its category from {old} to {new}"
    return _alarm(WARNING, f"WhatsApp says that {_template(change)} {told}, which changes the price.")


def _template_parts(change: Change) -> Alarm:
    return _alarm(INFO, f"The contents of {_template(change)} were changed.")


def _payment(change: Change) -> Alarm:
    name, status = text_in(change.value, "configuration_name") or "unknown", _word(change.value, "status")
    level = INFO if status == "ACTIVE" else WARNING
    return _alarm(level, f"The payment configuration {name} of {_account(change)} is {status}.")


def _flow(change: Change) -> Alarm:
    """Read news on a form. An alert that ended, and a form that works, are no reason to worry."""
    event, flow = _word(change.value, "event"), id_in(change.value, "flow_id") or "unknown"
    state, status = _word(change.value, "alert_state"), _word(change.value, "new_status")
    calm = state == "DEACTIVATED" or (event == "FLOW_STATUS_CHANGE" and status not in {"THROTTLED", "BLOCKED"})
    said = text_in(change.value, "message")
    return _alarm(INFO if calm else WARNING, f"WhatsApp tells of the flow {flow}: {event}.{f' {said}' if said else ''}")


#: ``waba_ban_state`` → level, and what is said of the account.
BANS: Mapping[str, tuple[str, str]] = {
    "DISABLE": (CRITICAL, "is disabled"),
    "SCHEDULE_FOR_DISABLE": (CRITICAL, "will be disabled"),
    "REINSTATE": (INFO, "may be used again"),
}

SEVERITIES: Mapping[str, str] = {"CRITICAL": CRITICAL, "WARNING": WARNING, "INFORMATIONAL": INFO}

#: Events of a template after which it can't be sent, or soon can't be.
BAD_TEMPLATES = frozenset({
    "REJECTED", "PAUSED", "DISABLED", "FLAGGED", "LOCKED", "LIMIT_EXCEEDED", "ARCHIVED", "DELETED", "PENDING_DELETION",
})  # fmt: skip

#: Events of ``account_update`` that matter to whoever runs the account; the others are the partners' business.
ACCOUNT_EVENTS: Mapping[str, Callable[[Change], Alarm]] = {
    "ACCOUNT_VIOLATION": _violation,
    "DISABLED_UPDATE": _ban,
    "ACCOUNT_RESTRICTION": _restriction,
    "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE": _certification,
    "ACCOUNT_DELETED": _says(CRITICAL, "was deleted"),
    "ACCOUNT_OFFBOARDED": _says(CRITICAL, "was disconnected in the phone app"),
    "ACCOUNT_RECONNECTED": _says(INFO, "is connected again"),
    "PARTNER_REMOVED": _says(WARNING, "is no longer shared with its solution partner"),
    "PARTNER_APP_UNINSTALLED": _says(WARNING, "took its permissions from an app"),
    "VERIFIED_ACCOUNT": _says(INFO, "is verified"),
}

READERS: Mapping[str, Callable[[Change], Alarm | None]] = {
    "account_update": _account_update,
    "account_alerts": _alert,
    "account_review_update": _review,
    "business_capability_update": _capability,
    "phone_number_quality_update": _quality,
    "phone_number_name_update": _display_name,
    "business_username_update": _username,
    "business_username_updates": _username,
    "security": _security,
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "message_template_components_update": _template_parts,
    "template_category_update": _template_category,
    "payment_configuration_update": _payment,
    "flows": _flow,
}
