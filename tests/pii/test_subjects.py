"""A conversation's subject is hidden in lists, as the previews of its messages are; the subject itself stays."""

import orjson

from gateway.model.ids import parse
from tests.api.conftest import Served
from tests.conftest import Database, Tenant
from tests.pii.conftest import Looking
from tests.pii.test_reading import CARD, IBAN, ask
from tests.search.writing import Writing

SUBJECT = f"Card {CARD} was charged twice"
HIDDEN = "Card •••• •••• •••• 1111 was charged twice"


async def test_a_subject_is_hidden_in_lists_until_somebody_says_that_it_is_none(
    served: Served, tenant: Tenant, writing: Writing, looking: Looking, database: Database
) -> None:
    async def look() -> list[str]:
        while await looking.look():
            pass
        told = [one.type for one in looking.announced]
        looking.announced.clear()
        return told

    async def shown(path: str = "") -> tuple[str | None, str | None]:
        async with served.client.get(f"/api/v1/conversations/{path or thread}", headers=tenant.auth) as answer:
            found = await answer.json()
        return found["subject"], found["subject_preview"]

    thread = await writing.conversation(await writing.customer(), SUBJECT)
    other = await writing.conversation(await writing.customer(), SUBJECT)  # nothing was found in its mails
    first = await writing.message(thread, "Please look", subject=SUBJECT)
    assert await shown() == (SUBJECT, SUBJECT)
    assert await look() == ["conversation.updated"]
    assert await shown() == (SUBJECT, HIDDEN)
    assert await shown(other) == (SUBJECT, SUBJECT)
    [listed] = [one for one in (await served.get("/api/v1/conversations", tenant))["data"] if one["id"] == thread]
    assert listed["subject_preview"] == HIDDEN
    told = await database.value("SELECT data::text FROM events WHERE type = 'conversation.updated'")
    assert orjson.loads(told)["subject_preview"] == HIDDEN

    # Who says that it is none sees it again, in later mails of the thread, too.
    [found] = (await ask(served, tenant, "GET", f"results?message_id={first}"))["data"]
    await ask(served, tenant, "PATCH", f"results/{found['id']}", 200, {"state": "dismissed"})
    assert await shown() == (SUBJECT, SUBJECT)
    assert [one.type for one in served.neighbours.announced] == ["conversation.updated"]
    await writing.message(thread, "Any news?", subject=f"Re: {SUBJECT}")
    assert await look() == []
    assert await shown() == (SUBJECT, SUBJECT)

    # What somebody calls it is looked through, too; another subject is shown until then.
    for subject, preview in ((f"Refund to {IBAN}", "Refund to •••• •••• •••• •••• ••30 00"), ("Refund", "Refund")):
        async with served.client.patch(
            f"/api/v1/conversations/{thread}", json={"subject": subject}, headers=tenant.auth
        ) as answer:
            assert answer.status == 200, await answer.text()
        assert await shown() == (subject, subject)
        await look()
        assert await shown() == (subject, preview)
    await database.fetch(
        "UPDATE conversations SET subject_preview = 'x', subject = NULL WHERE id = $1", parse("cnv", thread)
    )
    assert await shown() == (None, None)
