"""How we log in at an endpoint, as somebody enters it: what is left out of a change stays, and secrets stay ours."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.config import JsonDict

from gateway.access import origin_of
from gateway.api.endpoints.header_names import MOST, HeaderName, HeaderValue, header_faults, pointer_to, size_faults
from gateway.model.endpoint_secrets import Login
from gateway.openapi import BodyModel
from gateway.problems import Fault, Invalid

PLACE = "/auth"
LEFT_OUT = "Left out of a change, it stays as it is."
SECRET: JsonDict = {"writeOnly": True}

#: RFC 7617: no control characters, and no colon in the name.
Username = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f:]*$")]
Password = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$", json_schema_extra=SECRET)]
#: What a header can carry behind ``Bearer``.
Token = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[\x21-\x7e]+$", json_schema_extra=SECRET)]
#: RFC 6749 appendix A: visible ASCII and blanks.
ClientWord = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[\x20-\x7e]+$")]
Scope = Annotated[str, Field(max_length=1000, pattern=r"^([\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*)?$")]


class NoLogin(BodyModel):
    """The signature alone proves who we are."""

    type: Literal["none"]


class BasicLogin(BodyModel):
    """A name and a password (RFC 7617)."""

    type: Literal["basic"]
    username: Username | None = Field(default=None, description=LEFT_OUT)
    password: Password | None = Field(default=None, repr=False, description=LEFT_OUT)


class BearerLogin(BodyModel):
    """A token (RFC 6750)."""

    type: Literal["bearer"]
    token: Token | None = Field(default=None, repr=False, description=LEFT_OUT)


class HeadersLogin(BodyModel):
    """Headers whose values are secrets."""

    type: Literal["headers"]
    headers: dict[HeaderName, HeaderValue | None] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST,
        repr=False,
        description="All of them; null keeps the value that a header has. Left out of a change, they stay as they are.",
    )


class OAuth2Login(BodyModel):
    """A token that we fetch with client credentials (RFC 6749 section 4.4)."""

    type: Literal["oauth2"]
    token_url: str | None = Field(default=None, max_length=2048, description=LEFT_OUT)
    client_id: ClientWord | None = Field(default=None, description=LEFT_OUT)
    client_secret: ClientWord | None = Field(default=None, repr=False, json_schema_extra=SECRET, description=LEFT_OUT)
    scope: Scope | None = Field(default=None, description=f"Words with blanks between them. {LEFT_OUT}")


LoginBody = Annotated[NoLogin | BasicLogin | BearerLogin | HeadersLogin | OAuth2Login, Field(discriminator="type")]
#: What a login of each type consists of, and which of it is secret. A scope may be empty.
PARTS: Mapping[str, Sequence[str]] = {
    "none": (),
    "basic": ("username", "password"),
    "bearer": ("token",),
    "headers": ("headers",),
    "oauth2": ("token_url", "client_id", "client_secret", "scope"),
}
SECRETS: Mapping[str, Sequence[str]] = {
    "none": (),
    "basic": ("password",),
    "bearer": ("token",),
    "headers": ("headers",),
    "oauth2": ("client_secret",),
}


def login_of(entered: LoginBody, kept: Login | None) -> Login:
    """Return what is to be stored.

    Args:
        entered: what somebody entered.
        kept: what is stored now, if it is of the same type.

    Raises:
        Invalid: when something is lacking, or is a header that may not be sent along.
    """
    if isinstance(entered, HeadersLogin):
        return Login(headers=_headers_of(entered, kept))
    values: dict[str, str] = {"scope": ""}
    for part in PARTS[entered.type]:
        given = getattr(entered, part)
        if given is not None:
            values[part] = given
        elif kept is not None:
            values[part] = getattr(kept, part)
    _require_all(entered.type, values)
    return Login(**values)


def shown_of(kind: str, login: Login) -> dict[str, Any]:
    """Return what may be shown of a login."""
    shown: dict[str, Any] = {"type": kind}
    if kind == "headers":
        return {**shown, "headers": list(login.headers)}
    return shown | {part: getattr(login, part) for part in PARTS[kind] if part not in SECRETS[kind]}


def leads_elsewhere(before: tuple[str, Login], after: tuple[str, Login]) -> bool:
    """Tell whether secrets would go to another server; of both the endpoint's URL and the login."""
    return any(
        origin_of(one) != origin_of(other)
        for one, other in ((before[0], after[0]), (before[1].token_url, after[1].token_url))
    )


def require_entered(kind: str, entered: LoginBody | None) -> None:
    """Refuse to send stored secrets to a server that they were not entered for.

    Raises:
        Invalid: naming each secret that has to be entered anew.
    """
    lacking = [part for part in SECRETS[kind] if not _is_entered(getattr(entered, part, None))]
    if lacking:
        words = "enter it anew: it would be sent to another server"
        raise Invalid("another server needs the secrets anew", [Fault("body", f"{PLACE}/{p}", words) for p in lacking])


def _is_entered(value: str | Mapping[str, str | None] | None) -> bool:
    return None not in value.values() if isinstance(value, Mapping) else value is not None


def _require_all(kind: str, values: Mapping[str, str]) -> None:
    lacking = [part for part in PARTS[kind] if part not in values]
    if lacking:
        faults = [Fault("body", f"{PLACE}/{part}", "this is needed") for part in lacking]
        raise Invalid("the login is not complete", faults)


def _headers_of(entered: HeadersLogin, kept: Login | None) -> dict[str, str]:
    stored = {} if kept is None else kept.headers
    if entered.headers is None:
        if not stored:
            _require_all(entered.type, {})
        return dict(stored)
    place = f"{PLACE}/headers"
    faults = header_faults(entered.headers, place, secret=True)
    known = {name.lower(): value for name, value in stored.items()}
    found = {}
    for name, value in entered.headers.items():
        if value is None and name.lower() not in known:
            faults.append(Fault("body", pointer_to(place, name), "this header has no value yet"))
        found[name] = known.get(name.lower(), "") if value is None else value
    faults += size_faults(found, place)
    if faults:
        raise Invalid("some headers are not acceptable", faults)
    return found
