"""Behind a pooler each transaction may be another session's: nothing may be left in one."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What lasts longer than its transaction: settings, locks, listening, statements with names, temporary tables.
LASTING = re.compile(
    r"""pg_(?:try_)?advisory_lock(?:_shared)?\( | \.add_listener\( | \bLISTEN\s+\w
    | (?:connection|pool)\.prepare\( | ["']SET\ [a-z_]+\ (?:=|TO)\ ' | \bDISCARD\b | WITH\ HOLD
    | set_config\([^)]*,\s*false\) | CREATE\ TEMP(?:ORARY)?\ TABLE(?!.*ON\ COMMIT\ DROP)""",
    re.VERBOSE,
)
#: Who has a direct connection of its own; the commands that change roles, tables and keys have the administrator's.
DIRECT = {
    "gateway/ingest/writer.py", "gateway/live/listener.py", "gateway/migrate.py", "gateway/store/key_stock.py",
    "gateway/store/rekeying.py",
}  # fmt: skip


def test_only_who_has_a_direct_connection_leaves_something_in_a_session() -> None:
    files = [*ROOT.glob("gateway/**/*.py"), *ROOT.glob("migrations/*.sql")]
    found = {str(file.relative_to(ROOT)) for file in files if LASTING.search(file.read_text("utf-8"))}
    assert found == DIRECT
