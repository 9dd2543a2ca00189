"""Who does what a request asks for."""

from uuid import UUID

from gateway.access import Caller
from gateway.api.services import Services
from gateway.problems import Forbidden
from gateway.store.thread import Author


def author_of(caller: Caller, services: Services) -> Author:
    """Return the author of what a caller does now."""
    cause = None if caller.user_id else "api_key"
    return Author(caller.user_id, cause, services.clock(), services.new_id)


def person(caller: Caller) -> UUID:
    """Return the member who calls.

    Raises:
        Forbidden: for an API key, which is nobody in person.
    """
    if caller.user_id is None:
        raise Forbidden("this is a person's own; an API key has none")
    return caller.user_id
