"""Which samples are posted, in which order. Pure."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.demo.samples import Connection, Sample, sample

SHUFFLE_WITHIN = 20


def planned(
    connections: Sequence[Connection],
    count: int,
    duplicates: float,
    chance: random.Random,
    clock: Callable[[], datetime],
    *,
    shuffle: bool = False,
) -> list[Sample]:
    """Return the samples of a run.

    Args:
        connections: where they go, in turn.
        count: how many different messages.
        duplicates: the share of them that is posted a second time, from 0 to 1.
        chance: decides which.
        clock: the time.
        shuffle: let messages overtake each other, as providers do.
    """
    run = f"{chance.getrandbits(64):016x}"
    posts = [
        sample(connections[number % len(connections)], number // len(connections), f"{run}{number:06d}", clock())
        for number in range(count)
    ]
    posts += [post for post in posts if chance.random() < duplicates]
    if shuffle:
        order = sorted(range(len(posts)), key=lambda place: place + chance.random() * SHUFFLE_WITHIN)
        posts = [posts[place] for place in order]
    return posts
