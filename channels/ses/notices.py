"""Messages of Amazon SNS that are no news on a mail: that a topic was connected, disconnected, or tried."""

from typing import Any

from channels.events import Other
from channels.json_fields import iso_moment_in
from channels.sns.notices import SUBSCRIPTION, UNSUBSCRIPTION, Notice

VALIDATED = "Successfully validated SNS topic"
DISCONNECTED = "Amazon SNS no longer delivers the topic {topic}: somebody unsubscribed this gateway."
LONGEST_TEXT = 1000


def control(provider: str, notice: Notice) -> Other:
    """Return what a message about a subscription says, or one with a text that is no JSON."""
    topic, kind = notice.get("TopicArn", ""), notice["Type"]
    if kind == SUBSCRIPTION:
        found = {"confirm": True, "confirm_url": notice.get("SubscribeURL")}
        return _other(provider, notice, "sns_subscription_confirmation", found)
    if kind == UNSUBSCRIPTION:
        alarm = {"level": "warning", "sentence": DISCONNECTED.format(topic=topic)}
        return _other(provider, notice, "sns_unsubscribe_confirmation", {"confirm": False, "alarm": alarm})
    validated = notice.get("Message", "").startswith(VALIDATED)
    return _other(provider, notice, "ses_topic_validated" if validated else "sns_notice", {"confirm": False})


def _other(provider: str, notice: Notice, subtype: str, extra: dict[str, Any]) -> Other:
    return Other(
        provider=provider,
        channel="email",
        account=None,
        address=None,
        external_id=notice.get("MessageId", ""),
        occurred_at=iso_moment_in(notice, "Timestamp"),
        extra={"topic_arn": notice.get("TopicArn"), **extra},
        subtype=subtype,
        text=notice.get("Message", "")[:LONGEST_TEXT] or None,
    )
