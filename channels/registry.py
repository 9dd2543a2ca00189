"""All providers by name. A new one is one more module in this tuple; docs/architecture.md says what else there is."""

from collections.abc import Mapping
from types import MappingProxyType

from channels.adapter import Adapter
from channels.providers import (
    bandwidth,
    bird,
    brevo,
    dialog360,
    generic,
    infobip,
    mailgun,
    mailjet,
    messagebird,
    plivo,
    postmark,
    resend,
    sendgrid,
    ses,
    sinch,
    smtp,
    telnyx,
    twilio,
    vonage,
    vonage_sms,
    whatsapp_cloud,
)

MODULES = (
    whatsapp_cloud,
    twilio,
    dialog360,
    mailgun,
    postmark,
    sendgrid,
    smtp,
    telnyx,
    messagebird,
    bird,
    plivo,
    resend,
    infobip,
    ses,
    mailjet,
    brevo,
    sinch,
    bandwidth,
    vonage,
    vonage_sms,
    generic,
)

ADAPTERS: Mapping[str, Adapter] = MappingProxyType({module.ADAPTER.provider: module.ADAPTER for module in MODULES})
