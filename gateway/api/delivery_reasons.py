"""Why an endpoint got an event, or did not, in words."""

from datetime import datetime

from gateway.model.delivery import Delivery
from gateway.model.log import iso
from gateway.model.why import Verdict
from gateway.store.why import EndpointNow, EventAt

#: The verdict, a sentence on what is, and one on what can be done.
Reason = tuple[Verdict, str, str]

NOTHING_TO_DO = "There is nothing to do."
REDELIVER = "Once the receiver is well again, redeliver it, or recover all that failed since then."
REPLAY = "If it should get it all the same, replay the event's position with missing_only."
WHY_DISABLED = {
    "member": "somebody disabled it",
    "gone": "it answered 410 Gone",
    "failing": "for days nothing but failures came back",
}


def of_delivery(delivery: Delivery, endpoint: EndpointNow) -> Reason:
    """Explain what became of what an endpoint is owed."""
    if delivery.status == "SUCCESS":
        code = delivery.response_status_code
        when = f"at {delivery.last_attempt_at}, {_attempts(delivery.attempts)}: it answered {code}"
        return "delivered", f"It was delivered {when}.", "If the receiver does not have it, redeliver it."
    if delivery.status == "FAILED":
        reason = delivery.error or delivery.error_kind or "for a reason that is not known"
        return "failed", f"It was given up {_attempts(delivery.attempts)}; the last one failed: {reason}.", REDELIVER
    held = _held(delivery, endpoint)
    if held is not None:
        return "held", *held
    if delivery.held_reason == "earlier_of_its_conversation":
        return (
            "waiting",
            "It waits for an earlier event of its conversation, since the endpoint keeps order.",
            "Look at the earlier deliveries of the conversation; this one follows by itself.",
        )
    if delivery.status == "RETRYING":
        last = f"the last attempt failed: {delivery.error}" if delivery.error else "the last attempt failed"
        return (
            "waiting",
            f"It is tried again at {delivery.next_attempt_at}; {last}.",
            "Wait, or redeliver it to try now.",
        )
    return "waiting", f"It is due since {delivery.next_attempt_at}, and is sent in its turn.", "Wait a moment."


def of_event(event: EventAt, endpoint: EndpointNow) -> Reason:
    """Explain why an endpoint is not owed an event."""
    if event.seq <= endpoint.since_seq:
        return (
            "before_endpoint",
            f"It happened before the endpoint was made, which gets what comes after position {endpoint.since_seq}.",
            REPLAY,
        )
    if event.own:
        return (
            "not_matched",
            "It tells that a delivery to this very endpoint was given up: that is never sent to the endpoint itself.",
            "Receive delivery.exhausted at another endpoint, or by the pull.",
        )
    if not event.matches:
        return "not_matched", f"{_in_the_way(event)}.", "Change the endpoint's filters; they hold for what comes later."
    if endpoint.deleted_at is not None:
        return "not_matched", f"The endpoint was deleted at {_at(endpoint.deleted_at)}.", "Make a new endpoint."
    if event.seq > endpoint.dispatched_seq:
        return (
            "not_dispatched_yet",
            f"Events up to position {endpoint.dispatched_seq} were handed out, and this is {event.seq}.",
            "Wait a moment; if it lasts, see whether a process that delivers is running.",
        )
    return (
        "not_matched",
        "It passes the filters as they are now, but did not when it was handed out; or it was done more than 30 days"
        " ago, and its delivery was removed.",
        REPLAY,
    )


def no_such_event(by_id: bool) -> Reason:
    """Explain that an event is not there."""
    if by_id:
        return (
            "no_such_event",
            "No event with this id was found in the log.",
            "Ask by its seq: without that, only the newest events and those around the time in the id are looked at.",
        )
    return (
        "no_such_event",
        "The log holds no event at this position: it was not reached yet, or was removed.",
        "Check the number; GET /api/v1/events tells where the log ends.",
    )


def _held(delivery: Delivery, endpoint: EndpointNow) -> tuple[str, str] | None:
    if delivery.held_reason == "endpoint_deleted":
        return f"It is not sent: the endpoint was deleted at {_at(endpoint.deleted_at)}.", NOTHING_TO_DO
    if delivery.held_reason == "endpoint_disabled":
        why = WHY_DISABLED[endpoint.disabled_reason or "member"]
        return (
            f"It is held: the endpoint is disabled since {_at(endpoint.disabled_at)}, because {why}.",
            "Enable the endpoint; all that is held is sent then, in order.",
        )
    if delivery.held_reason == "endpoint_backing_off":
        return (
            f"It is held until {_at(endpoint.backoff_until)}: the endpoint failed, or asked for a pause.",
            "Wait, or see in the attempts what the receiver answers.",
        )
    return None


def _in_the_way(event: EventAt) -> str:
    """Say which filter an event does not pass: the first of type, channel, label."""
    if not event.of_type:
        return f"The endpoint does not want events of the type {event.type}"
    if event.conversation_id is None:
        return "The endpoint wants events of certain conversations only, and this belongs to none"
    if not event.on_channel:
        return "The event's conversation is on none of the channels that the endpoint wants"
    return "The event's conversation has none of the labels that the endpoint wants"


def _attempts(number: int) -> str:
    return "after one attempt" if number == 1 else f"after {number} attempts"


def _at(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else iso(moment)
