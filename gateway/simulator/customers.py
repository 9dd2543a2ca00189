"""What customers answer: short, and fitting what they were told. Pure."""

import re
from collections.abc import Sequence

#: What an agent's words hold (a pattern, in any case) → what a customer answers, in turn. The first that fits counts.
ANSWERS: Sequence[tuple[str, Sequence[str]]] = (
    (r"\b(sorry|apologi[sz]e|entschuldig)", ("No problem, thank you for looking into it.", "It happens. Thanks.")),
    (r"\b(photo|picture|image|foto|bild)\b", ("I'll take one tonight and send it.", "It looks like the first one.")),
    (r"\b(order|bestell\w*)\s?(number|no|nr|nummer)", ("It's 20931.", "20977, it's on the invoice.")),
    (r"\b(address|adresse)\b", ("16 Mill Lane, the back entrance please.", "Same address as last time.")),
    (
        r"\b(when|what time|which day|wann)\b.*\?",
        ("Friday after 4 would be best.", "Any day next week, in the morning."),
    ),
    (r"\b(deliver\w*|shipp\w*|liefer\w*|parcel|paket)\b", ("Great, I'll be at home.", "Perfect, thank you!")),
    (r"\b(invoice|refund|payment|rechnung)\b", ("Got it, thanks.", "Thank you, I'll check with my bank.")),
    (r"\b(yes|no|which|would|could|can|may|möchten|können)\b.*\?", ("Yes, please.", "Yes, that works for me.")),
    (r"\?\s*$", ("Let me check and tell you.", "Yes, I think so.", "I'm not sure, what do you suggest?")),
    (r"\b(hello|hi|good (morning|afternoon|evening)|hallo|guten)\b", ("Hello! Thanks for the quick answer.",)),
    (r"\b(thank|thanks|danke)\b", ("You're welcome. Have a nice day!", "Thank you, too.")),
)
OTHERWISE = ("Thank you, that helps.", "Great, thanks!", "OK, understood.", "Perfect 👍")

_PATTERNS = [(re.compile(pattern, re.IGNORECASE | re.DOTALL), answers) for pattern, answers in ANSWERS]
READ_LENGTH = 2000


def answer_to(text: str, turn: int) -> str:
    """Return what a customer says to a message.

    Args:
        text: what they were told; only its beginning is read.
        turn: how many answers they gave before: each says something else, as far as there is something.
    """
    read = text[:READ_LENGTH]
    answers = next((answers for pattern, answers in _PATTERNS if pattern.search(read)), OTHERWISE)
    return answers[turn % len(answers)]
