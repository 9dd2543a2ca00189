"""An erasure whose worker is killed, wherever, is finished by another; and nothing is counted twice."""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from gateway.model.ids import parse
from gateway.store import data_requests, erasing
from gateway.store.pool import open_pool, tenant_tx
from tests.api.rows import Rows
from tests.conftest import Database, Tenant, new_id
from tests.privacy.eraser import worker_of

MESSAGES = 4
#: Amid the messages: the log was gone through, and some of them are empty.
PARTS = 12
LEFT = """
SELECT (SELECT count(*) FROM messages WHERE status <> 'erased'), (SELECT count(*) FROM erasure_marks) AS marks,
    (SELECT count(*) FROM attachments)
"""
FREE = "UPDATE data_requests SET lease_until = now() - interval '1 s' WHERE state = 'running'"


async def test_a_killed_erasure_is_finished_by_another_worker(
    database: Database, tenant: Tenant, master_key: str, tmp_path: Path
) -> None:
    rows = Rows(database, tenant)
    conversation = await rows.conversation()
    for minute in range(MESSAGES):
        await rows.message(conversation, minute=minute)
        await rows.webhook(minute=minute)
    customer: UUID = await database.value(
        "SELECT customer_id FROM conversations WHERE id = $1", parse("cnv", conversation)
    )
    pool = await open_pool(database.app_url, 2)
    request_id = new_id()
    async with tenant_tx(pool, tenant.id) as tx:
        await data_requests.add(tx, request_id, "erasure", customer, None)
        await erasing.begin(tx, request_id, [customer])

    arguments = (database.app_url, database.hook_url, master_key, str(tmp_path))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.privacy.eraser", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(PARTS):
        assert await process.stdout.readline() == b"a part\n"
    process.kill()
    await process.wait()
    assert (await database.fetch(LEFT))[0]["marks"] > 0
    await database.fetch(FREE)

    hook = await open_pool(database.hook_url, 1)
    assert await worker_of(hook, pool, master_key, tmp_path, at_once=1).work()
    async with tenant_tx(pool, tenant.id) as tx:
        done = await data_requests.erased(tx, request_id)
    assert done is not None
    assert (done.counts["messages"], done.counts["attachments"]) == (MESSAGES, MESSAGES)
    assert tuple((await database.fetch(LEFT))[0]) == (0, 0, 0)
    assert not await worker_of(hook, pool, master_key, tmp_path, at_once=1).work()
    await hook.close()
    await pool.close()
