"""What a self-test found, in words. Pure: everything that was looked at comes in."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from channels.adapter import Adapter, Credentials
from channels.errors import CannotSend
from channels.http import HttpRequest
from channels.outbound import OutboundMessage
from gateway.model.connection import Check
from gateway.selftest.calling import Trouble
from gateway.selftest.probes import HEADER, Seen, digest
from gateway.selftest.refusals import Lately

PUBLIC_URL = "POSTGATE_PUBLIC_URL"
CLOCK_MAY_DIFFER = timedelta(seconds=20)
#: Names that lead nowhere outside (RFC 6761, RFC 6762, RFC 8375, and ICANN's reservation of .internal).
INSIDE = ("localhost", ".localhost", ".local", ".internal", ".test", ".invalid", ".home.arpa", ".lan")
#: Reasons by which the time, and not the secret, is wrong.
STALE = frozenset({"timestamp_too_old", "timestamp_in_future"})

TROUBLE = {
    "name": ("The name in {url} can't be looked up: {detail}.", "Check the name and its DNS records."),
    "refused": (
        "Nothing answers at {url}: {detail}.",
        "Is the proxy running, and the port open for connections from outside?",
    ),
    "certificate": (
        "The certificate of {url} isn't one that providers trust: {detail}.",
        "Install a valid certificate for this name, with its intermediate certificates.",
    ),
    "tls": ("No encrypted connection to {url} came about: {detail}.", "Does this port speak TLS?"),
    "time": ("{url} didn't answer within {detail}.", "A firewall may drop the packets, or the proxy waits for us."),
    "broken": ("The connection to {url} broke off before an answer came: {detail}.", "Look at the proxy's log."),
    "redirect": (
        "{url} answers with a redirect ({detail}). Providers don't follow redirects.",
        f"Set {PUBLIC_URL} to the address that it leads to, or have webhooks passed on without one.",
    ),
    "elsewhere": (
        "Something else answers at {url}, not this gateway: {detail}.",
        f"Does the proxy pass /hooks/ on to this gateway, with the header {HEADER}? A login page, a firewall's block"
        " page or another service may stand before it; and all processes need the same master key.",
    ),
    "not_found": (
        "The request reached a Postgate, but not under the path of this connection ({detail}): the proxy changes the"
        " path, or another installation answers.",
        f"Have the proxy pass the path on as it is; if it cuts off a prefix, {PUBLIC_URL} has to end with that prefix.",
    ),
}


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time by three clocks, read at once: of the process that tests, of the database, and of the hook."""

    own: datetime
    database: datetime


def of_switch(status: str) -> Check:
    """Say whether the connection takes webhooks at all."""
    on = status != "disabled"
    sentence = "The connection is switched on." if on else "The connection is switched off: webhooks get a 404."
    return Check(name="switched_on", ok=on, sentence=sentence, hint=None if on else "Switch it on first.")


def of_credentials(adapter: Adapter, credentials: Credentials, settings: Mapping[str, Any]) -> Iterator[Check]:
    """Say which credentials are missing for a handshake, and for sending."""
    if getattr(credentials, "verify_token", "") is None:
        yield Check(
            name="handshake",
            ok=False,
            sentence="There is no verify token: the provider can't be shown that this URL is yours.",
            hint="Enter any long random word here, and the same at the provider.",
        )
    yield _sending(adapter, credentials, settings)


def of_public_url(url: str, browser: str | None) -> Iterator[Check]:
    """Say whether a provider could use this URL.

    Args:
        url: the configured public one.
        browser: the origin of the page that asked; None when it was no page.
    """
    host = urlsplit(url).hostname or ""
    inside = _inside(host)
    if inside:
        sentence, hint = (
            f"{url} can't be reached from outside: {host} means something inside only.",
            f"Set {PUBLIC_URL} to an address that providers can reach; for a try, to that of a tunnel.",
        )
    elif not url.startswith("https:"):
        sentence, hint = (
            f"{url} isn't encrypted: most providers take https only, and messages could be read on the way.",
            f"Put a proxy with a certificate in front, and set {PUBLIC_URL} to its https address.",
        )
    else:
        sentence, hint = f"{url} is an https address outside.", None
    yield Check(name="public_url", ok=hint is None, sentence=sentence, hint=hint)
    if browser is not None:
        same = browser == f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
        yield Check(
            name="browser_url",
            ok=same,
            sentence="Your browser uses the same address." if same else f"Your browser uses {browser}, not {url}.",
            hint=None if same else f"If providers shall use {browser} as well, set {PUBLIC_URL} to it.",
        )


def of_trouble(trouble: Trouble, url: str) -> Check:
    """Say why no answer of this gateway came."""
    sentence, hint = TROUBLE[trouble.kind]
    return Check(name="reachable", ok=False, sentence=sentence.format(url=url, detail=trouble.detail), hint=hint)


def of_journey(sent: HttpRequest, seen: Seen, base_url: str) -> Iterator[Check]:
    """Compare a probe as it was sent with what reached the hook."""
    yield Check(name="reachable", ok=True, sentence=f"{base_url} leads to this gateway.", hint=None)
    yield from _address(seen, base_url)
    target = sent.url.removeprefix(base_url)
    path, query = target.partition("?")[::2]
    seen_path, seen_query = seen.target.partition("?")[::2]
    keep = "Have the proxy pass requests on byte by byte: providers sign them as they were."
    yield _same("path", path == seen_path, f"the path {path} into {seen_path}", keep)
    yield _same("query", query == seen_query, f"the query {query!r} into {seen_query!r}", keep)
    yield _same("body", digest(sent.body) == seen.body, "the body", f"{keep} Filters and translators may be at work.")
    yield _headers(sent, seen)


def of_signature(adapter: Adapter, seen: Seen, *, signed: bool) -> Check:
    """Say whether the adapter accepted the probe.

    Args:
        adapter: of the provider.
        seen: what reached the hook.
        signed: whether the probe could be signed as the provider would.
    """
    if not signed:
        words = f"Only {adapter.setup.title} itself can sign a webhook: the first one will show whether all is right."
        return Check(name="signature", ok=True, sentence=words, hint=None)
    if seen.refusal is None:
        words = "A request signed with the stored secret is accepted."
        return Check(name="signature", ok=True, sentence=words, hint=None)
    code, detail = seen.refusal
    hint = "What changed on the way is named above."
    return Check(name="signature", ok=False, sentence=f"The signed request was refused: {detail} ({code}).", hint=hint)


def of_clocks(clocks: Clocks, seen: Seen | None) -> Check:
    """Say whether the clocks agree: signatures with a time in them are refused when it is off."""
    others = [("the database", clocks.database), *([("the process that answers webhooks", seen.time)] if seen else [])]
    for whose, time in others:
        apart = abs(time - clocks.own)
        if apart > CLOCK_MAY_DIFFER:
            sentence = f"The clocks of this process and of {whose} are {apart.total_seconds():.0f} seconds apart."
            return Check(name="clock", ok=False, sentence=sentence, hint="Let all machines keep time by NTP.")
    return Check(name="clock", ok=True, sentence="The clocks of this installation agree.", hint=None)


def of_refusals(lately: Lately | None, hook_url: str) -> Check:
    """Say what was refused within the last hour by the process that tests."""
    if lately is None:
        words = "No webhook was refused in the last hour, as far as this process knows."
        return Check(name="refusals", ok=True, sentence=words, hint=None)
    usual = lately.usual
    count = f"{'More than ' if lately.at_least else ''}{lately.count}"
    many = "requests were" if lately.count > 1 else "request was"
    sentence = f"{count} {many} refused in the last hour, mostly: {usual.detail} ({usual.code})."
    if usual.code in STALE:
        hint = "The clock of this machine is likely wrong, or the webhooks were recorded and sent again."
    else:
        hint = "The secret here is likely not the one at the provider"
        hint += f"; or the URL entered there differs: got {usual.url}." if usual.url != hook_url else "."
    return Check(name="refusals", ok=False, sentence=sentence, hint=hint)


def _sending(adapter: Adapter, credentials: Credentials, settings: Mapping[str, Any]) -> Check:
    channel = adapter.capabilities.channels[0]
    sender, recipient = ("a@example.org", "b@example.org") if channel == "email" else ("+12025550110", "+12025550142")
    message = OutboundMessage(
        reference="<self-test@example.org>",
        sender=sender,
        recipient=recipient,
        text="x",
        subject="x",
        channel=channel,
        settings=settings,
    )
    try:
        adapter.build(message, credentials)
    except CannotSend as error:
        hint = "Webhooks come in without it. Enter it to send from here."
        return Check(name="sending", ok=True, sentence=f"Nothing can be sent: {error.detail}.", hint=hint)
    return Check(name="sending", ok=True, sentence="The credentials for sending are there.", hint=None)


def _address(seen: Seen, base_url: str) -> Iterator[Check]:
    """Compare host and scheme. Signatures don't suffer from another one: the configured URL counts for them."""
    public = urlsplit(base_url)
    host, scheme = seen.forwarded_host or seen.host, seen.forwarded_scheme or seen.scheme
    if host.lower() == public.netloc.lower():
        yield Check(name="host", ok=True, sentence=f"The host {host} is passed on.", hint=None)
    else:
        yield Check(
            name="host",
            ok=not seen.forwarded_host,
            sentence=f"The proxy passes requests on for the host {host}, not {public.netloc}."
            + ("" if seen.forwarded_host else " Signatures don't suffer: they are checked for the configured URL."),
            hint=f"Which one do providers use? {PUBLIC_URL} has to name it." if seen.forwarded_host else None,
        )
    if scheme == public.scheme:
        yield Check(name="scheme", ok=True, sentence=f"It arrives as {scheme}.", hint=None)
    else:
        yield Check(
            name="scheme",
            ok=not seen.forwarded_scheme,
            sentence=f"The proxy says that it was called by {scheme}, but the public URL begins with {public.scheme}."
            if seen.forwarded_scheme
            else "The proxy ends the encryption. It doesn't say so in X-Forwarded-Proto, which does no harm here.",
            hint=f"Which one do providers use? {PUBLIC_URL} has to begin with it." if seen.forwarded_scheme else None,
        )


def _same(name: str, same: bool, what: str, hint: str) -> Check:
    if same:
        return Check(name=name, ok=True, sentence=f"The {name} arrives unchanged.", hint=None)
    return Check(name=name, ok=False, sentence=f"On the way something changes {what}.", hint=hint)


def _headers(sent: HttpRequest, seen: Seen) -> Check:
    wanted = {name: digest(value) for name, value in sent.headers.as_dict().items()}
    missing = sorted(name for name in wanted if name not in seen.headers)
    changed = sorted(name for name, value in wanted.items() if seen.headers.get(name, value) != value)
    if not missing and not changed:
        return Check(name="headers", ok=True, sentence="All headers arrive unchanged.", hint=None)
    words = [f"{verb} {', '.join(names)}" for verb, names in (("drops", missing), ("changes", changed)) if names]
    hint = "Have the proxy pass all headers on; signatures and logins are in them."
    return Check(name="headers", ok=False, sentence=f"On the way something {' and '.join(words)}.", hint=hint)


def _inside(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host in INSIDE or host.endswith(INSIDE[1:]) or "." not in host
