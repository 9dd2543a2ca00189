"""All parsers."""

from functools import cache

from tests.fuzz import of_channels, of_gateway, of_mail
from tests.fuzz.parser import Parser


@cache
def parsers() -> dict[str, Parser]:
    """Return all parsers by name."""
    found = [*of_channels.parsers(), *of_mail.parsers(), *of_gateway.parsers()]
    named = {parser.name: parser for parser in found}
    assert len(named) == len(found)
    return named
