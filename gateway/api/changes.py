"""What may be changed of a conversation, as a request says it, checked."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from gateway.model.conversation import Priority, Status
from gateway.model.fields import LabelId, TeamId, UserId
from gateway.model.ids import parse
from gateway.openapi import BodyModel
from gateway.problems import Fault, Invalid
from gateway.store import changing
from gateway.store.pool import TenantTx

LONGEST_SNOOZE = timedelta(days=731)

#: One line, as the subject of a mail.
Subject = Annotated[str, Field(min_length=1, max_length=998, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ConversationChange(BodyModel):
    """What is to be changed of a conversation; what is left out stays."""

    status: Status | None = None
    snoozed_until: AwareDatetime | None = Field(
        default=None, description="Goes with status snoozed: when it opens by itself. Two years ahead at most."
    )
    priority: Priority | None = None
    assignee_id: UserId | None = Field(default=None, description="An active member; null: nobody.")
    team_id: TeamId | None = Field(default=None, description="null: none.")
    label_ids: list[LabelId] | None = Field(default=None, max_length=50, description="All that it is to have.")
    subject: Subject | None = Field(default=None, description="null: none.")


def wanted_of(change: ConversationChange, now: datetime, place: str = "") -> Mapping[str, Any]:
    """Return what a conversation's ``State`` is to be replaced by.

    Args:
        change: as it was asked for.
        now: the time.
        place: a JSON pointer to the change in the body.

    Raises:
        Invalid: when its parts don't go together.
    """
    wanted: dict[str, Any] = {}  # Any: of the fields of State
    if change.status is not None:
        wanted = {"status": change.status, "snoozed_until": change.snoozed_until}
    if (change.status == "snoozed") != (change.snoozed_until is not None):
        raise Invalid("snoozed and a time go together", [Fault("body", f"{place}/snoozed_until", "see status")])
    if change.snoozed_until is not None and not now < change.snoozed_until <= now + LONGEST_SNOOZE:
        wrong = Fault("body", f"{place}/snoozed_until", "this should be ahead, and two years at most")
        raise Invalid("it can't sleep until then", [wrong])
    if change.priority is not None:
        wanted["priority"] = change.priority
    if "assignee_id" in change.model_fields_set:
        wanted["assignee_id"] = change.assignee_id and parse("usr", change.assignee_id)
    if "team_id" in change.model_fields_set:
        wanted["team_id"] = change.team_id and parse("team", change.team_id)
    if change.label_ids is not None:
        wanted["label_ids"] = frozenset(parse("lbl", label) for label in change.label_ids)
    if "subject" in change.model_fields_set:
        wanted["subject"] = change.subject
    return wanted


async def hold(tx: TenantTx, wanted: Mapping[str, Any], place: str = "") -> None:
    """Check that what a change names is there, and keep it there until the change is committed.

    Raises:
        Invalid: naming what is not there.
    """
    team, labels, assignee = wanted.get("team_id"), wanted.get("label_ids"), wanted.get("assignee_id")
    faults = []
    if team is not None and not await changing.hold_team(tx, team):
        faults.append(Fault("body", f"{place}/team_id", "there is no such team"))
    if labels and await changing.hold_labels(tx, labels) != labels:
        faults.append(Fault("body", f"{place}/label_ids", "one of these labels is not there"))
    if assignee is not None and not await changing.active_members(tx, [assignee]):
        faults.append(Fault("body", f"{place}/assignee_id", "there is no such member who is active"))
    if faults:
        raise Invalid("this change names something that is not there", faults)
