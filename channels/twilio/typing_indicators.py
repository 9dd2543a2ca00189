"""To show a WhatsApp customer that somebody is writing, which marks their message as read, too.

https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource
"""

import re

from channels.errors import CannotSend
from channels.operations import Dialogue, Receipt
from channels.outbound import Refused
from channels.refusals import answer_of
from channels.twilio.access import Access
from channels.twilio.answers import refusal
from channels.twilio.problems import PASSING

URL = "https://messaging.twilio.com/v2/Indicators/Typing.json"
MESSAGE_SID = re.compile(r"[SM]M[0-9a-fA-F]{32}")


def show_typing(receipt: Receipt, access: Access) -> Dialogue[Refused | None]:
    """Show that somebody is writing, for 25 seconds or until the answer.

    Raises:
        CannotSend: when nobody is: Twilio has no other way to mark a message as read. And when it can't be a message.
    """
    if not receipt.typing:
        raise CannotSend("read_unsupported", "Twilio marks a message as read only while somebody is writing")
    if MESSAGE_SID.fullmatch(receipt.message_ref) is None:
        raise CannotSend("message_unknown", "this is no message that came through Twilio")
    response = yield access.post_form(URL, [("messageId", receipt.message_ref), ("channel", "whatsapp")])
    if response.status // 100 == 2 and answer_of(response).get("success") is True:
        return None
    return refusal(response, PASSING)
