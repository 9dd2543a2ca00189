"""Header fields folded at white space only.

The standard library writes what is longer than a line as encoded words, and no program finds a Message-ID in those:
threads would break at the first long id.
"""

from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.policy import SMTP, Policy
from typing import Any

TOKENS = (
    "message-id",
    "in-reply-to",
    "references",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "feedback-id",
)
LONGEST_LINE = 78
LONGEST_TOKEN = 900
"""Characters that may stand on a line in one piece; a server may refuse lines of more than 998 bytes."""


class Tokens(UnstructuredHeader, BaseHeader):
    """A field made of tokens, such as ids or addresses of pages, none of which may be broken."""

    max_count = 1

    @classmethod
    def parse(cls, string: str, kwds: dict[str, Any]) -> None:
        """Take the value as it is: what looks like an encoded word in an id is none."""
        super().parse(string, kwds)
        kwds["decoded"] = string

    def fold(self, *, policy: Policy) -> str:
        """Write the field on as many lines as it takes."""
        tokens = str(self).split()
        if not str(self).isascii() or any(len(token) > LONGEST_TOKEN for token in tokens):
            return str(super().fold(policy=policy))
        lines = [f"{self.name}:"]
        for token in tokens:
            if len(lines[-1]) + 1 + len(token) > LONGEST_LINE and lines[-1].strip() != f"{self.name}:":
                lines.append("")
            lines[-1] += f" {token}"
        return policy.linesep.join(lines) + policy.linesep


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in TOKENS:
        registry.map_to_type(name, Tokens)
    return registry


#: Of mail for an SMTP server: lines end with CRLF, and tokens are kept whole.
MAIL_POLICY = SMTP.clone(header_factory=_registry())
