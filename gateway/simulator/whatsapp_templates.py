"""The templates of every account that imitates one at Meta."""

from typing import Any

Json = dict[str, Any]

#: As Meta lists them.
TEMPLATES: tuple[Json, ...] = (
    {
        "id": "600000000000001",
        "name": "order_update",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [
            {"type": "BODY", "text": "Hello {{1}}, your order {{2}} is on its way."},
            {"type": "FOOTER", "text": "Answer to this message to reach us."},
        ],
    },
    {
        "id": "600000000000002",
        "name": "order_update",
        "language": "de",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hallo {{1}}, Ihre Bestellung {{2}} ist unterwegs."}],
    },
    {
        "id": "600000000000003",
        "name": "may_we_write",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "You asked us something a while ago. May we answer you here?"}],
    },
    {
        "id": "600000000000005",
        "name": "left_at_the_door",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hello {{1}}, we left your order at the door."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "URL", "text": "Show the order", "url": "https://shop.example.org/orders/{{1}}"},
                    {"type": "QUICK_REPLY", "text": "Thank you"},
                ],
            },
        ],
    },
    {
        "id": "600000000000004",
        "name": "spring_sale",
        "language": "en_US",
        "status": "REJECTED",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "Everything for the garden, {{1}} off until Sunday."}],
    },
)
