"""Where samples can be posted, as a ready file tells it."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from gateway.demo.samples import MAKERS, Connection


def connections_of(facts: Mapping[str, Any], providers: Collection[str]) -> list[Connection]:
    """Return the connections of some providers; those without samples or addresses are left out.

    Args:
        facts: what a ready file holds.
        providers: the wanted ones.
    """
    return [
        Connection(
            i["provider"],
            i["hook_url"],
            facts["base_url"] + urlsplit(i["hook_url"]).path,
            i["credentials"],
            i["channels"][0]["address"],
        )
        for i in facts["integrations"]
        if i["provider"] in providers and i["provider"] in MAKERS and i["channels"]
    ]
