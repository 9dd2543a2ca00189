"""Made-up accounts at each provider: credentials of this installation alone, and addresses that belong to nobody.

Where a provider signs with a private key, a key pair is made, and its private half kept beside the credentials, so that
webhooks can be signed as the provider would. Amazon signs with certificates that only its own hosts give out.
"""

import base64
import secrets
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr

from channels.adapter import Adapter
from gateway.model.provider import kinds_of

NUMBER = "+120255501{:02}"
MAILBOX = "{}@demo.postgate.test"

#: Numbers for providers that have no maker here.
OTHERS = range(18, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account at a provider.

    Attributes:
        name: of the connection.
        credentials: as the provider's model takes them.
        channels: kind, address and name of each.
        signing_keys: private keys (PEM), by the name of the credential that holds the public one.
    """

    name: str
    credentials: Mapping[str, str | list[str]]
    channels: tuple[tuple[str, str, str], ...]
    signing_keys: Mapping[str, str] = field(default_factory=dict)


def whatsapp_cloud() -> Account:
    """Return a Meta app with one number."""
    return Account(
        name="WhatsApp",
        credentials={
            "app_secret": secrets.token_hex(16),
            "verify_token": secrets.token_urlsafe(16),
            "access_token": secrets.token_urlsafe(32),
            "business_account_id": "200000000000001",
        },
        channels=(("whatsapp", "106000000000001", "WhatsApp"),),
    )


def twilio() -> Account:
    """Return a Twilio account whose number has SMS and WhatsApp."""
    return Account(
        name="Twilio",
        credentials={"account_sid": f"AC{secrets.token_hex(16)}", "auth_token": secrets.token_hex(16)},
        channels=_phone(10, "Twilio"),
    )


def postmark() -> Account:
    """Return a Postmark server."""
    login = {"username": "postmark", "password": secrets.token_urlsafe(16)}
    return Account(
        name="Postmark",
        credentials={**login, "server_token": secrets.token_hex(16)},
        channels=(("email", MAILBOX.format("support"), "Support mailbox"),),
    )


def dialog360() -> Account:
    """Return a 360dialog channel."""
    return Account(
        name="360dialog",
        credentials={"webhook_secret": secrets.token_urlsafe(24), "api_key": secrets.token_urlsafe(24)},
        channels=(("whatsapp", "106000000000002", "WhatsApp by 360dialog"),),
    )


def mailgun() -> Account:
    """Return a Mailgun domain."""
    key, api_key = secrets.token_hex(16), f"key-{secrets.token_hex(16)}"
    return Account(
        name="Mailgun",
        credentials={"signing_key": key, "api_key": api_key, "domain": "demo.postgate.test"},
        channels=_mailbox("mailgun", "Mailgun"),
    )


def sendgrid() -> Account:
    """Return a SendGrid account: events and inbound mail are signed by one key."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Account(
        name="SendGrid",
        credentials={
            "verification_key": base64.b64encode(public).decode(),
            "username": "sendgrid",
            "password": secrets.token_urlsafe(16),
            "api_key": f"SG.{secrets.token_urlsafe(32)}",
        },
        channels=_mailbox("sendgrid", "SendGrid"),
        signing_keys={"verification_key": _pem(key)},
    )


def smtp() -> Account:
    """Return a mail server of our own."""
    return Account(
        name="SMTP",
        credentials={"username": "mail", "password": secrets.token_urlsafe(16), "host": "mail.demo.postgate.test"},
        channels=_mailbox("smtp", "SMTP"),
    )


def telnyx() -> Account:
    """Return a Telnyx account, whose webhooks are signed with Ed25519."""
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Account(
        name="Telnyx",
        credentials={
            "public_key": base64.b64encode(public).decode(),
            "api_key": f"KEY{secrets.token_hex(16)}",
        },
        channels=_phone(11, "Telnyx", whatsapp=False),
        signing_keys={"public_key": _pem(key)},
    )


def messagebird() -> Account:
    """Return a MessageBird account."""
    return Account(
        name="MessageBird",
        credentials={"signing_key": secrets.token_urlsafe(24), "access_key": secrets.token_urlsafe(19)},
        channels=_phone(12, "MessageBird", whatsapp=False),
    )


def bird() -> Account:
    """Return a Bird workspace, whose channels are known by ids."""
    return Account(
        name="Bird",
        credentials={
            "signing_key": secrets.token_urlsafe(24),
            "access_key": secrets.token_urlsafe(24),
            "workspace_id": "77777777-7777-4777-8777-777777777770",
        },
        channels=(
            ("sms", "77777777-7777-4777-8777-777777777771", "Bird SMS"),
            ("whatsapp", "77777777-7777-4777-8777-777777777772", "WhatsApp by Bird"),
        ),
    )


def plivo() -> Account:
    """Return a Plivo account."""
    return Account(
        name="Plivo",
        credentials={"auth_id": f"MA{secrets.token_hex(9).upper()}", "auth_token": secrets.token_urlsafe(30)},
        channels=_phone(13, "Plivo"),
    )


def resend() -> Account:
    """Return a Resend webhook."""
    return Account(
        name="Resend",
        credentials={"signing_secret": _standard_secret(), "api_key": f"re_{secrets.token_urlsafe(24)}"},
        channels=_mailbox("resend", "Resend"),
    )


def infobip() -> Account:
    """Return an Infobip account."""
    login = {"username": "infobip", "password": secrets.token_urlsafe(16)}
    sending = {"api_key": secrets.token_hex(32), "base_url": "https://demo.api.infobip.com"}
    return Account(name="Infobip", credentials={**login, **sending}, channels=_phone(14, "Infobip"))


def ses() -> Account:
    """Return a topic of Amazon's."""
    return Account(
        name="Amazon SES",
        credentials={"topic_arns": ["arn:aws:sns:eu-west-1:123456789012:postgate-demo"]},
        channels=_mailbox("ses", "Amazon SES"),
    )


def mailjet() -> Account:
    """Return a Mailjet account."""
    login = {"username": "mailjet", "password": secrets.token_urlsafe(16)}
    sending = {"api_key": secrets.token_hex(16), "api_secret": secrets.token_hex(16)}
    return Account(name="Mailjet", credentials={**login, **sending}, channels=_mailbox("mailjet", "Mailjet"))


def brevo() -> Account:
    """Return a Brevo account."""
    return Account(
        name="Brevo",
        credentials={"bearer_token": secrets.token_urlsafe(24), "api_key": f"xkeysib-{secrets.token_hex(32)}"},
        channels=_mailbox("brevo", "Brevo"),
    )


def sinch() -> Account:
    """Return an app of Sinch's Conversation API; its channels share the app's id."""
    return Account(
        name="Sinch",
        credentials={
            "webhook_secret": secrets.token_urlsafe(24),
            "project_id": "77777777-7777-4777-8777-777777777773",
            "key_id": "77777777-7777-4777-8777-777777777774",
            "key_secret": secrets.token_urlsafe(20),
        },
        channels=tuple((kind, "01DEMOAPP0000000000000000A", name) for kind, name in _names("Sinch")),
    )


def vonage() -> Account:
    """Return a Vonage account with its Messages API."""
    return Account(name="Vonage", credentials=_vonage(), channels=_phone(15, "Vonage"))


def vonage_sms() -> Account:
    """Return a Vonage account with the older SMS API."""
    return Account(name="Vonage SMS", credentials=_vonage(), channels=_phone(16, "Vonage SMS", whatsapp=False))


def generic() -> Account:
    """Return a system of somebody's own."""
    return Account(
        name="Generic", credentials={"secret": _standard_secret()}, channels=(("sms", NUMBER.format(17), "Generic"),)
    )


ACCOUNTS: Mapping[str, Callable[[], Account]] = {
    "360dialog": dialog360,
    **{
        maker.__name__: maker
        for maker in (
            whatsapp_cloud, twilio, postmark, mailgun, sendgrid, smtp, telnyx, messagebird, bird, plivo, resend,
            infobip, ses, mailjet, brevo, sinch, vonage, vonage_sms, generic,
        )
    },
}  # fmt: skip


def account_at(adapter: Adapter, taken: Container[str]) -> Account:
    """Return an account at a provider: its own kind above, or one of what its credentials need at least.

    Args:
        adapter: the provider's.
        taken: addresses of other connections.
    """
    if adapter.provider in ACCOUNTS:
        return ACCOUNTS[adapter.provider]()
    title, fields = adapter.setup.title, adapter.credentials.model_fields.items()
    needed = {name: field.annotation is SecretStr for name, field in fields if field.is_required()}
    number = next(number for number in map(NUMBER.format, OTHERS) if number not in taken)
    address = {"email": MAILBOX.format(adapter.provider)}
    return Account(
        name=title,
        credentials={
            name: secrets.token_urlsafe(24) if secret else adapter.provider for name, secret in needed.items()
        },
        channels=tuple((kind, address.get(kind, number), title) for kind in kinds_of(adapter)),
    )


def _names(title: str) -> tuple[tuple[str, str], ...]:
    return ("sms", "SMS" if title == "Twilio" else f"{title} SMS"), ("whatsapp", f"WhatsApp by {title}")


def _phone(number: int, title: str, *, whatsapp: bool = True) -> tuple[tuple[str, str, str], ...]:
    """Return the channels of one number."""
    kinds = _names(title) if whatsapp else (("sms", title),)
    return tuple((kind, NUMBER.format(number), name) for kind, name in kinds)


def _mailbox(local: str, title: str) -> tuple[tuple[str, str, str], ...]:
    return (("email", MAILBOX.format(local), f"{title} mailbox"),)


def _vonage() -> dict[str, str | list[str]]:
    return {
        "signature_secret": secrets.token_urlsafe(32),
        "api_key": secrets.token_hex(4),
        "api_secret": secrets.token_urlsafe(12),
    }


def _standard_secret() -> str:
    """Return a secret as Standard Webhooks writes one."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
