"""The inbox, loaded afresh through the API as a page does when it opens."""

from collections.abc import Collection
from typing import Any

from aiohttp import ClientSession

from tests.live.fold import Inbox

PAGE = 200


class NotLoaded(Exception):
    """The gateway did not answer as it does when all is well."""


async def load(session: ClientSession, gateway: str, threads: int | None = None) -> Inbox:
    """Return the inbox at a gateway, in the order that a page gives it by what it is told.

    The database sorts by times that are finer than those it tells: two conversations of the same millisecond may come
    the other way round, and a page sorts them itself (``web/src/model/order.ts``).

    Args:
        session: logged in.
        gateway: its URL.
        threads: of how many conversations the messages are read, the newest first; None: of all.

    Raises:
        NotLoaded: when the gateway refuses.
    """
    first = await _get(session, f"{gateway}/api/v1/conversations?limit={PAGE}")
    conversations = await _rest(session, f"{gateway}/api/v1/conversations?limit={PAGE}", first)
    read = [one["id"] for one in conversations][:threads]
    messages = {key: await thread(session, gateway, key) for key in read}
    conversations.sort(key=lambda one: (one["last_message_at"], one["id"]), reverse=True)
    return {"seq": first["seq"], "conversations": conversations, "messages": messages}


async def thread(session: ClientSession, gateway: str, conversation: str) -> list[dict[str, Any]]:
    """Return a conversation's messages, the oldest first."""
    url = f"{gateway}/api/v1/conversations/{conversation}/messages?limit={PAGE}"
    found = await _rest(session, url, await _get(session, url))
    return sorted(found, key=lambda one: (one["occurred_at"], one["id"]))


def difference(held: Inbox, fresh: Inbox, threads: Collection[str] | None) -> str | None:
    """Say in what a browser's state differs from a fresh load; None: in nothing.

    Args:
        held: by the browser.
        fresh: loaded at the same position.
        threads: of which conversations the browser holds all messages; None: of all.
    """
    if held["seq"] != fresh["seq"]:
        return f"it is at {held['seq']}, not at {fresh['seq']}"
    if held["conversations"] != fresh["conversations"]:
        return f"the list: {_first(held['conversations'], fresh['conversations'])}"
    for key, messages in fresh["messages"].items():
        if (threads is None or key in threads) and held["messages"].get(key) != messages:
            return f"the thread {key}: {_first(held['messages'].get(key, []), messages)}"
    return None


def _first(held: list[Any], fresh: list[Any]) -> str:
    """Describe the first of two lists' things in which they differ."""
    if len(held) != len(fresh):
        missing = {one["id"] for one in fresh} ^ {one["id"] for one in held}
        return f"{len(held)} instead of {len(fresh)}, such as {sorted(missing)[:2]}"
    for mine, theirs in zip(held, fresh, strict=True):
        if mine != theirs:
            keys = sorted(key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key))
            shown = {key: (mine.get(key), theirs.get(key)) for key in keys[:3]}
            return f"{theirs['id']}: {shown}"[:400]
    return "nothing"


async def _rest(session: ClientSession, url: str, page: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = list(page["data"])
    while page["next_cursor"] is not None:
        page = await _get(session, f"{url}&cursor={page['next_cursor']}")
        found += page["data"]
    return found


async def _get(session: ClientSession, url: str) -> Any:
    async with session.get(url) as answer:
        if answer.status != 200:
            raise NotLoaded(f"answered {answer.status}")
        return await answer.json()
