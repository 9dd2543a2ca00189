"""Headers that every answer to a browser carries (https://cheatsheetseries.owasp.org, HTTP headers)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

from gateway.answering import BEGUN
from gateway.audit.access import REQUEST_ID
from gateway.rates import STANDINGS
from gateway.rates import headers as rate_headers
from gateway.request_log import HOOKS

STATIC: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "browsing-topics=(), camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), "
    "midi=(), payment=(), publickey-credentials-get=(), serial=(), usb=()",
    "Cache-Control": "no-store",
}
#: What a provider gets is no page; but a stranger's browser may be sent there, and some answers repeat what was asked.
TO_PROVIDERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def policy(public_url: str) -> str:
    """Return the page's content security policy (https://www.w3.org/TR/CSP3/).

    ``'self'`` covers websockets only in newer browsers, so that their address is named. The page builds its elements
    itself: no text may become script (https://www.w3.org/TR/trusted-types/).
    """
    address = urlsplit(public_url)
    socket = "wss" if address.scheme == "https" else "ws"
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self' {socket}://{address.netloc}",
            "frame-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "object-src 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def add_headers(app: web.Application, public_url: str) -> None:
    """Have the headers added to all answers, few of them to those to webhooks; what a handler set itself stays."""
    headers = {**STATIC, "Content-Security-Policy": policy(public_url)}
    if public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.popall("Server", None)  # which version of what is here is nobody's business
        if request.raw_path.startswith(HOOKS):
            for name, value in TO_PROVIDERS.items():
                response.headers.setdefault(name, value)
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
