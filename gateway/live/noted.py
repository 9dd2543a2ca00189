"""What other processes are to be told of, until it is sent: whatever comes meanwhile is sent together."""

import asyncio
from collections.abc import Iterable, Mapping
from uuid import UUID

from gateway.model.log import Entry

#: A channel, and what is said on it.
Word = tuple[str, str]


class Noted:
    """Which logs have grown and how far, and other words. Nobody who notes something waits."""

    def __init__(self) -> None:
        self._seqs: dict[UUID, int] = {}
        self._words: dict[Word, None] = {}
        self._grown = asyncio.Event()

    def wake(self, entries: Iterable[Entry]) -> None:
        """Note that entries were committed."""
        seqs = self._seqs
        for entry in entries:
            if entry.seq > seqs.get(entry.tenant_id, 0):
                seqs[entry.tenant_id] = entry.seq
        self._grown.set()

    def reach(self, seqs: Mapping[UUID, int]) -> None:
        """Note how far logs reach."""
        for tenant_id, seq in seqs.items():
            self._seqs[tenant_id] = max(seq, self._seqs.get(tenant_id, 0))
        self._grown.set()

    def tell(self, words: Iterable[Word]) -> None:
        """Note anything else that others should hear of."""
        self._words.update(dict.fromkeys(words))
        self._grown.set()

    async def take(self) -> tuple[Mapping[UUID, int], Mapping[Word, None]]:
        """Wait until something is noted, and take all of it."""
        await self._grown.wait()
        self._grown.clear()
        seqs, self._seqs = self._seqs, {}
        words, self._words = self._words, {}
        return seqs, words
