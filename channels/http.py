"""HTTP requests and responses as plain values, so that adapters never touch a socket."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self


class Headers:
    """Header fields by case-insensitive name; of a repeated field the first value counts."""

    __slots__ = ("_values",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        values: dict[str, str] = {}
        for name, value in items:
            values.setdefault(name.lower(), value)
        self._values = values

    @classmethod
    def of(cls, mapping: Mapping[str, str]) -> Self:
        """Take the fields of a mapping whose keys may be in any case."""
        return cls(mapping.items())

    def get(self, name: str, default: str = "") -> str:
        """Return a field's value; ``default`` when it was not sent."""
        return self._values.get(name.lower(), default)

    def as_dict(self) -> dict[str, str]:
        """Return all fields under their lower-case names."""
        return dict(self._values)

    def with_fields(self, fields: Mapping[str, str]) -> Self:
        """Return a copy in which some fields are set anew."""
        values = self._values | {name.lower(): value for name, value in fields.items()}
        return type(self)(values.items())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __repr__(self) -> str:
        return f"Headers({sorted(self._values)})"  # names only: values may hold credentials


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that came in from a provider, or one that is to be made to it.

    ``url`` is the public URL as the provider knows it, path and query still percent-encoded.
    ``body`` is the raw bytes; never re-serialise them before a signature was checked.
    """

    method: str
    url: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case; empty when none was sent."""
        return self.headers.get("content-type").partition(";")[0].strip().lower()

    @property
    def query(self) -> str:
        """The URL's query, still percent-encoded. Bytes in it that are no UTF-8 become U+FFFD."""
        query = self.url.partition("#")[0].partition("?")[2]
        return query if query.isascii() else query.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


#: The status of a request that nothing came back for. No server answers with it: RFC 9110 ends at 599, and nobody has
#: registered that one.
NO_ANSWER = 599


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer: ours to a provider, or a provider's to a request of ours.

    A request of ours that nothing came back for has one too, with the status ``NO_ANSWER`` and no body. Then
    ``failure`` says in words for the log what went wrong, and ``sent`` whether the provider may have acted on the
    request: False when it never left, so that it is safe to repeat.

    ``request`` is the request of ours that was answered: a receiver may leave out what it was told.
    """

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=Headers)
    failure: str | None = None
    sent: bool = True
    request: HttpRequest | None = field(default=None, repr=False, compare=False)


def basic_authorization(user: str, password: str) -> str:
    """Write the value of an ``Authorization`` header with a user name and a password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode("utf-8", "surrogatepass")).decode()
