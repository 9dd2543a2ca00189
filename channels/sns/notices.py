"""What Amazon SNS posts: a JSON object whose values are texts.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from collections.abc import Mapping

from channels.errors import PayloadMalformed
from channels.json_bodies import read_json

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
UNSUBSCRIPTION = "UnsubscribeConfirmation"

Notice = Mapping[str, str]
"""The texts of a post, by name; the rest was left out."""


def read_notice(body: bytes) -> Notice:
    """Return the texts of a post.

    Raises:
        PayloadMalformed: it is no JSON object, or not of a type that SNS has.
    """
    document = read_json(body)
    if not isinstance(document, dict):
        raise PayloadMalformed("json_not_an_object", "the body is JSON, but no object")
    notice = {name: value for name, value in document.items() if isinstance(value, str)}
    if notice.get("Type") not in (NOTIFICATION, SUBSCRIPTION, UNSUBSCRIPTION):
        raise PayloadMalformed("notice_unknown", "the body is no message of Amazon SNS")
    return notice
