"""A queue in which many wait, each in a row of its own, and the rows take turns."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


class Turns(Generic[Key, Item]):
    """Items that wait, by whom they belong to. Those of one keep their order; a long row delays no other one.

    With a single row it is a plain queue.
    """

    def __init__(self) -> None:
        self._rows: OrderedDict[Key, deque[Item]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        """Tell how many items wait."""
        return self._count

    @property
    def rows(self) -> int:
        """How many have something waiting."""
        return len(self._rows)

    def waiting(self, key: Key) -> int:
        """Tell how many items of one wait."""
        row = self._rows.get(key)
        return len(row) if row is not None else 0

    def put(self, key: Key, item: Item) -> None:
        """Add an item at the end of its row."""
        row = self._rows.get(key)
        if row is None:
            self._rows[key] = deque((item,))
        else:
            row.append(item)
        self._count += 1

    def peek(self) -> Item:
        """Return the item whose turn it is, and leave it there.

        Raises:
            StopIteration: when none waits.
        """
        return next(iter(self._rows.values()))[0]

    def take(self) -> Item:
        """Take the item whose turn it is; its row is the last one then.

        Raises:
            StopIteration: when none waits.
        """
        key, row = next(iter(self._rows.items()))
        item = row.popleft()
        if row:
            self._rows.move_to_end(key)
        else:
            del self._rows[key]
        self._count -= 1
        return item

    def take_all(self) -> list[Item]:
        """Take everything, in turns."""
        return [self.take() for _ in range(self._count)]
