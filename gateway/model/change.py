"""What agents set of a conversation, and what of it differs from before. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.model.ids import public
from gateway.model.log import iso

Line = Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What agents set of a conversation."""

    status: str
    snoozed_until: datetime | None
    priority: str
    assignee_id: UUID | None
    team_id: UUID | None
    subject: str | None
    label_ids: frozenset[UUID]


def lines(before: State, after: State) -> Sequence[Line]:
    """Tell what was changed, one line for each thing: what, from, to; for machines, which word it in any language."""
    found: list[Line] = []
    if (before.status, before.snoozed_until) != (after.status, after.snoozed_until):
        until = {"until": iso(after.snoozed_until)} if after.snoozed_until else {}
        found.append({"what": "status", "from": before.status, "to": after.status, **until})
    if before.priority != after.priority:
        found.append({"what": "priority", "from": before.priority, "to": after.priority})
    if before.team_id != after.team_id:
        found.append({"what": "team", "from": _shown("team", before.team_id), "to": _shown("team", after.team_id)})
    if before.assignee_id != after.assignee_id:
        old, new = _shown("usr", before.assignee_id), _shown("usr", after.assignee_id)
        found.append({"what": "assignee", "from": old, "to": new})
    if before.label_ids != after.label_ids:
        found.append({"what": "labels", "from": _all_shown(before.label_ids), "to": _all_shown(after.label_ids)})
    if before.subject != after.subject:
        found.append({"what": "subject", "from": before.subject, "to": after.subject})
    return found


def _shown(prefix: str, key: UUID | None) -> str | None:
    return None if key is None else public(prefix, key)


def _all_shown(labels: frozenset[UUID]) -> list[str]:
    return sorted(public("lbl", key) for key in labels)
