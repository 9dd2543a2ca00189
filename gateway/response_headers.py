"""Headers that every answer to a browser carries (https://cheatsheetseries.owasp.org, HTTP headers)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

from gateway.answering import BEGUN
from gateway.rates import STANDINGS
from gateway.rates import headers as rate_headers
from gateway.audit.access import REQUEST_ID
from gateway.request_log import HOOKS

STATIC: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def policy(public_url: str) -> str:
    """Return the page's content security policy (https://www.w3.org/TR/CSP3/).

    ``'self'`` covers websockets only in newer browsers, so that their address is named.
    """
    host = urlsplit(public_url).netloc
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self' ws://{host} wss://{host}",
            "frame-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "object-src 'none'",
        ]
    )


def add_headers(app: web.Application, public_url: str) -> None:
    """Have the headers added to all answers but those to webhooks; what a handler set itself stays."""
    headers = {**STATIC, "Content-Security-Policy": policy(public_url)}
    if public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        if request.raw_path.startswith(HOOKS):
            return
        request[BEGUN] = True
        if response.status == 101:  # no page will be made of a websocket, and headers live as long as it does
            return
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if STANDINGS in request:
            standings = request[STANDINGS]
            response.headers.update(rate_headers(standings))
        if REQUEST_ID in request:
            response.headers["X-Request-Id"] = request[REQUEST_ID]

    app.on_response_prepare.append(add)
