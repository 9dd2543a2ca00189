"""What lists, notifications and quotations show of messages and subjects, with personal data hidden in it."""

from collections.abc import Callable, Sequence
from uuid import UUID

from gateway.model.log import Entry
from gateway.pii.detecting import Detectors
from gateway.pii.finding import Finding
from gateway.pii.masking import mask, sample
from gateway.store import conversations, log, pii_results, thread
from gateway.store.log import Draft
from gateway.store.pii_results import Previewed
from gateway.store.pool import TenantTx

#: As long as previews are made, and as much of a text as is read for one.
LONGEST, SOURCE = 140, 2000


class Undismissed:
    """Finds what people have not said is none.

    Args:
        detectors: find all.
        dismissed: kinds and samples that are none.
    """

    def __init__(self, detectors: Detectors, dismissed: frozenset[tuple[str, str]]) -> None:
        self._detectors = detectors
        self._dismissed = dismissed

    def find(self, text: str) -> Sequence[Finding]:
        """Find personal data in a text."""
        found = self._detectors.find(text)
        return [one for one in found if (one.kind, sample(one.kind, text[one.start : one.end])) not in self._dismissed]


async def hide(
    tx: TenantTx, detectors: Detectors, messages: Sequence[UUID], new_id: Callable[[], UUID], *, anew: bool = False
) -> Sequence[Entry]:
    """Hide personal data in what lists show of messages; returns the log's entries on what is shown otherwise now.

    The log's head is locked by then: nothing may follow in this transaction but what writes to the log.

    Args:
        anew: from what the messages say: what was hidden before may be shown again.
    """
    threads = await _hide_subjects(tx, detectors, messages)
    none = await pii_results.dismissed(tx, messages)
    changed: list[Previewed] = []
    previews: list[tuple[UUID, str]] = []
    for one in await pii_results.lock_previews(tx, messages):
        finds = Undismissed(detectors, frozenset((kind, said) for key, kind, said in none if key == one.id))
        shown = mask(_line(one.text) if anew and one.text else one.preview, finds)
        if shown != one.preview:
            changed.append(one)
            previews.append((one.id, shown))
    if not changed and not threads:
        return []
    await pii_results.set_previews(tx, previews)
    await log.lock_head(tx)
    drafts = [
        Draft("conversation.updated", one, await conversations.get(tx, one) or "null", new_id()) for one in threads
    ]
    drafts += [
        Draft(
            "note.updated" if one.direction == "internal" else "message.updated",
            one.conversation_id, await thread.shown(tx, one.id), new_id(),
        )
        for one in changed
    ]  # fmt: skip
    return await log.append_all(tx, drafts)


async def _hide_subjects(tx: TenantTx, detectors: Detectors, messages: Sequence[UUID]) -> Sequence[UUID]:
    """Hide personal data in the subjects of these messages' conversations; returns those that are shown otherwise."""
    threads = await pii_results.lock_threads(tx, messages)
    none = await pii_results.dismissed_subjects(tx, [one.id for one in threads]) if threads else frozenset()
    changed: list[UUID] = []
    for one in threads:
        finds = Undismissed(detectors, frozenset((kind, said) for key, kind, said in none if key == one.id))
        shown = mask(one.subject, finds)
        if shown != one.shown:
            await pii_results.set_subject(tx, one.id, None if shown == one.subject else shown)
            changed.append(one.id)
    return changed


def _line(text: str) -> str:
    return " ".join(text[:SOURCE].split())[:LONGEST]
