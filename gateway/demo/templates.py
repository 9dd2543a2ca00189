"""The templates of a demo tenant's connections, fetched as an administrator would in the page."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog

log = structlog.get_logger(__name__)

PROVIDERS = frozenset({"whatsapp_cloud", "twilio"})
TIMEOUT = aiohttp.ClientTimeout(total=30)


async def fetch_templates(facts: Mapping[str, Any]) -> None:
    """Ask a running gateway to fetch the templates of its demo tenant; what fails can be repeated in the page.

    Args:
        facts: what a ready file holds.
    """
    headers = {"Authorization": f"Bearer {facts['api_key']}"}
    async with aiohttp.ClientSession(facts["base_url"], timeout=TIMEOUT, headers=headers) as session:
        for one in facts["integrations"]:
            if one["provider"] not in PROVIDERS:
                continue
            try:
                async with session.post(f"/api/v1/connections/{one['id']}/templates/sync") as answer:
                    outcome = str(answer.status)
            except (aiohttp.ClientError, TimeoutError) as error:
                outcome = type(error).__name__
            if outcome != "200":
                log.warning("demo.templates", provider=one["provider"], outcome=outcome)
