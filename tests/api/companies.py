"""Tenants that are full: rows in every table, somebody of each role, and the id of a thing of each kind."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from gateway.access import new_api_key, new_session_token, token_hash
from gateway.model.ids import public
from gateway.passwords import hash_password
from gateway.permissions import OF_ROLE, Permission, of_key
from tests.api.agents import ADD_SESSION, Agent, agent
from tests.api.conftest import ORIGIN, Served
from tests.api.rows import Rows
from tests.api.writing import conversation
from tests.conftest import Database, Tenant, new_id
from tests.store.filled import PICTURE, fill

#: Where a sample row will do, or the only one.
SAMPLES = {
    "fld": "custom_fields",
    "imp": "customer_imports",
    "dsr": "data_requests",
    "inv": "invitations",
    "view": "views",
    "lbl": "labels",
    "team": "teams",
    "can": "canned_replies",
    "file": "files",
    "att": "attachments",
    "whk": "inbound_webhooks",
    "dlv": "webhook_deliveries",
    "rcv": "webhook_recoveries",
    "pat": "pii_detection_rules",
    "pii": "pii_detection_results",
    "evt": "events",
}
#: Where a path takes another thing than its kind tells, and where a body does.
BY_PATH = {
    "/api/v1/notes/{id}": "note",
    "/api/v1/messages/{id}/retry": "sent",
    "/api/v1/messages/{id}/cancel": "sent",
}
IN_BODY = {"cus": "other customer"}
SPARE = "SELECT id FROM api_keys WHERE tenant_id = $1 AND name = 'Spare'"
PASSWORD = "a quiet harbour"
ADD_KEY = "INSERT INTO api_keys (tenant_id, id, prefix, key_hash, name, scopes) VALUES ($1, $2, $3, $4, $5, $6)"

#: Every row of a tenant in every table, as JSON; of the tables of all tenants those that are its people's or its own.
#: Not what tells of reading: it comes moments later.
ROWS_OF = """
SELECT string_agg(format('SELECT %L AS name, row_to_json(t)::text AS row FROM %I t WHERE %s', c.relname, c.relname,
    CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
            THEN 'tenant_id = $1'
        WHEN c.relname = 'tenants' THEN 'id = $1'
        ELSE CASE c.relname WHEN 'users' THEN 'id' ELSE 'user_id' END
            || ' IN (SELECT user_id FROM memberships WHERE tenant_id = $1)' END), ' UNION ALL ')
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname NOT IN
        ('schema_migrations', 'provider_apps', 'unrouted_webhooks', 'chores', 'key_rotations', 'data_access_audit')
"""
#: Puts a word of the tenant's own before all that its people and customers wrote.
MARKED = """
SELECT string_agg(format('UPDATE %I SET %I = %L || %I WHERE tenant_id = %L', table_name, column_name,
    $2::text || ' ', column_name, $1::text), ';')
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND data_type = 'text'
    AND ((column_name = 'name' AND table_name IN ('customers', 'labels', 'teams', 'views', 'api_keys', 'custom_fields',
            'canned_replies', 'channels', 'external_integrations'))
        OR (column_name IN ('text', 'preview') AND table_name IN ('messages', 'customer_notes', 'canned_replies')))
"""
UUIDS = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
WORDS = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Caller:
    """Somebody, or a program; ``auth`` are its headers."""

    auth: Mapping[str, str]
    permissions: frozenset[Permission]


@dataclass(frozen=True)
class Company:
    """A tenant with everything.

    Attributes:
        word: of its own; whatever its people and customers wrote begins with it.
        callers: one of each role, and API keys.
        first: the headers of the one who made most of what is there.
        ids: as the API shows them, by prefix, or by a name of ``BY_PATH`` and ``IN_BODY``.
        digits: of all ids that stand in its rows.
    """

    tenant: Tenant
    word: str
    callers: Mapping[str, Caller]
    first: Mapping[str, str]
    ids: Mapping[str, str]
    digits: frozenset[str]

    def at(self, path: str, prefix: str) -> str:
        """Return the id of the thing that a path is tried with."""
        return self.ids[BY_PATH.get(path, prefix)]

    def inside(self, prefix: str) -> str:
        """Return the id of a thing to be named in a query or a body."""
        return self.ids[IN_BODY.get(prefix, prefix)]

    def shown_in(self, answer: str) -> set[str]:
        """Return what of this tenant an answer tells beyond ``ids``, which requests have said."""
        ids = {one.replace("-", "") for one in UUIDS.findall(answer)} & self.digits
        said = {one.partition("_")[2] for one in self.ids.values()}
        return (ids - said) | ({self.word} & set(WORDS.findall(answer.lower())))


async def company(served: Served, database: Database, tenant: Tenant) -> Company:
    """Fill a tenant."""
    await fill(database, tenant)
    await database.script("DELETE FROM second_factors")  # a sample, of which nobody knows the secret
    rows = Rows(database, tenant)
    thread = await conversation(database, tenant, rows, "whatsapp_cloud", "whatsapp")
    message = await rows.message(thread, html=PICTURE)
    people = {role: await agent(served, database, tenant, role.capitalize(), role) for role in OF_ROLE}
    callers: dict[str, Caller] = {role: Caller(one.auth, OF_ROLE[role]) for role, one in people.items()}
    first = await first_member(served, database, tenant)
    for name, scopes in (("key", []), ("reading key", ["read"]), ("labelling key", ["workspace.write"])):
        callers[name] = Caller(await key(database, tenant, name, scopes), of_key(scopes))
    ids = {
        "cnv": thread,
        "msg": message,
        "usr": people["operator"].id,
        "int": tenant.integration("whatsapp_cloud")["id"],
        "ch": next(one["id"] for one in tenant.integration("twilio")["channels"] if one["kind"] == "sms"),
        "ses": public("ses", first.key),  # the sample rows give this session its member's id
        **await work(first, thread),
    }
    for prefix, table in SAMPLES.items():
        ids[prefix] = public(prefix, await database.value(f"SELECT id FROM {table} WHERE tenant_id = $1", tenant.id))
    ids["key"] = public("key", await database.value(SPARE, tenant.id))
    word = tenant.ready["email"].partition("@")[0] + "ish"
    await database.script(await database.value(MARKED, str(tenant.id), word))
    digits = frozenset(one.replace("-", "") for one in UUIDS.findall(" ".join(await state(database, tenant))))
    return Company(tenant, word, callers, first.auth, ids, digits)


async def first_member(served: Served, database: Database, tenant: Tenant) -> Agent:
    """Log the tenant's first owner in, whose password is that of the document's examples."""
    token, user = new_session_token(tenant.id, os.urandom(32)), UUID(tenant.facts["user_id"])
    await database.fetch("UPDATE users SET password_hash = $2 WHERE id = $1", user, hash_password(PASSWORD))
    await database.fetch(ADD_SESSION, tenant.id, token_hash(token), new_id(), user)
    return Agent(served, public("usr", user), {"Cookie": f"postgate_session={token}", **ORIGIN})


async def key(database: Database, tenant: Tenant, name: str, scopes: list[str]) -> dict[str, str]:
    """Make an API key; returns its header."""
    made = new_api_key(tenant.id, os.urandom(32))
    await database.fetch(ADD_KEY, tenant.id, new_id(), made.split("_")[1], token_hash(made), name, scopes)
    return {"Authorization": f"Bearer {made}"}


async def work(first: Agent, thread: str) -> dict[str, str]:
    """Let the first member do what makes things that belong together; returns their ids."""
    customers = [(await first.ask("POST", "/api/v1/customers", 201, json={"name": name}))["id"] for name in "ABC"]
    customer, other, third = customers
    path = f"/api/v1/customers/{customer}"
    hooks = {"url": "https://integrator.example.org/hooks", "schemes": ["v1a"]}
    return {
        "cus": customer,
        "other customer": other,
        "mrg": (await first.ask("POST", f"{path}/merge", json={"other": third}))["merge"]["id"],
        "ep": (await first.ask("POST", "/api/v1/webhook-endpoints", 201, json=hooks))["id"],
        "cnt": (await first.ask("POST", f"{path}/notes", 201, json={"text": "Knows us"}))["id"],
        "note": (await first.ask("POST", f"/api/v1/conversations/{thread}/notes", 201, json={"text": "Ours"}))["id"],
        "sent": (await first.ask("POST", f"/api/v1/conversations/{thread}/messages", 201, json={"text": "Hi"}))["id"],
    }


async def state(database: Database, tenant: Tenant) -> list[str]:
    """Return all rows of a tenant, in an order of their own."""
    statement = await database.value(ROWS_OF)
    return sorted(f"{row['name']} {row['row']}" for row in await database.fetch(statement, tenant.id))
