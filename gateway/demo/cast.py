"""Who writes in the samples, and what: short conversations with a shop. Pure data.

Numbers are of the range 555-01xx and addresses of example.org, which belong to nobody.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "image", "voice", "location", "document", "mail"]


@dataclass(frozen=True, slots=True)
class Line:
    """One message: its kind, its text or caption, and for mail a subject."""

    kind: Kind
    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes; ``number`` in E.164 without the plus, ``mailbox`` for mail."""

    name: str
    number: str
    mailbox: str
    lines: tuple[Line, ...]


def _said(*texts: str) -> tuple[Line, ...]:
    return tuple(Line("text", text) for text in texts)


WHATSAPP = (
    Customer(
        "Dana Reyes",
        "12025550142",
        "dana.reyes@example.org",
        (
            *_said("Hi! Is the oak table still in stock?", "The one from the spring catalogue, 180 cm"),
            Line("image", "This one"),
            *_said("Great. Two of them, please, and four of the grey chairs", "Can you deliver on Friday?"),
            Line("location", "Back entrance"),
            *_said("Thank you 🙏"),
        ),
    ),
    Customer(
        "Kofi Mensah",
        "12025550147",
        "kofi@example.org",
        (
            *_said("Good morning, my order 20931 says delivered but nothing is here"),
            Line("voice", ""),
            *_said("Found it! The neighbour took it in. Sorry for the trouble"),
        ),
    ),
    Customer(
        "Lucía Ortega",
        "12025550151",
        "lucia.ortega@example.org",
        (
            *_said("Hola, ¿tienen la lámpara en color verde?", "¿Y cuánto cuesta el envío a Ávila?"),
            Line("document", "floor-plan.pdf"),
            *_said("Perfecto, me la quedo"),
        ),
    ),
    Customer(
        "Mei Tanaka",
        "12025550158",
        "mei@example.org",
        (
            *_said("こんにちは。注文の変更はできますか？", "Or in English: can I still change order 20977?"),
            Line("image", "The colour I meant"),
        ),
    ),
)
SMS = (
    Customer(
        "",
        "12025550163",
        "",
        _said("Is the shop open on Sunday?", "ok thx", "Do I need an appointment for the kitchen advice?"),
    ),
    Customer(
        "",
        "12025550169",
        "",
        (
            *_said("Your driver called, I was in a meeting. Please leave it with the porter."),
            Line("image", "Gate code is on the sign"),
            *_said("Got it, all fine"),
        ),
    ),
    Customer("", "12025550174", "", _said("Pls call me back about the invoice", "Any time after 4")),
)
MAIL = (
    Customer(
        "Amara Okafor",
        "",
        "amara.okafor@example.org",
        (
            Line(
                "mail",
                "Hello,\n\ncould you send me an offer for 24 office chairs, delivered in January?\n\n"
                "Kind regards\nAmara Okafor\nOffice management",
                "Offer for 24 office chairs",
            ),
            Line("mail", "One more thing: we need them in two colours, half and half.", "Offer for 24 office chairs"),
        ),
    ),
    Customer(
        "Jonas Lindqvist",
        "",
        "jonas@example.net",
        (
            Line(
                "mail",
                "The second drawer of the cabinet does not close any more. I attach nothing, since it is hard to"
                " see on a picture. What do I do?",
                "Cabinet: drawer does not close",
            ),
        ),
    ),
    Customer(
        "Priya Nair",
        "",
        "priya.nair@example.com",
        (Line("mail", "Please cancel invoice 4417, it was paid twice.", "Invoice 4417"),),
    ),
)
FIRST_ORDER = 21_000
#: What customers write once their own lines are told, each time about another order.
QUESTIONS = (
    "Has order {order} left yet?",
    "Could you send me the invoice for order {order}?",
    "Order {order} arrived, thank you!",
    "Can I still add a lamp to order {order}?",
    "Is it possible to pick order {order} up on Saturday?",
    "One of the chairs of order {order} has a scratch. What can we do?",
    "Which day does order {order} come?",
)


def names() -> dict[str, str]:
    """Return what the customers are called, by number (E.164) and by mailbox."""
    everybody = (*WHATSAPP, *SMS, *MAIL)
    numbers = {f"+{customer.number}": customer.name for customer in everybody if customer.number and customer.name}
    return numbers | {customer.mailbox: customer.name for customer in everybody if customer.mailbox}
