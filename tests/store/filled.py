"""A tenant with rows in every table: whoever adds a table adds a file of rows for it."""

from pathlib import Path

from tests.api.rows import Rows
from tests.conftest import Database, Tenant

#: A file for each migration that brings tables.
ROWS = Path(__file__).parent / "rows"
PICTURE = '<p>hello</p><img data-remote="https://pictures.example/a.png">'


async def fill(database: Database, tenant: Tenant) -> None:
    """Put a row of a tenant into every table that the app role may read."""
    rows = Rows(database, tenant)
    conversation = await rows.conversation(unread=1)
    await rows.message(conversation, html=PICTURE)
    await rows.webhook(state="quarantined")
    scripts = [file.read_text("utf-8") for file in sorted(ROWS.glob("*.sql"))]
    await database.script("".join(scripts).replace(":tenant", f"'{tenant.id}'"))
