"""How each provider's files are fetched: what is asked, where the login goes, and where it never goes."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from channels.downloads import by_link
from channels.events import Media
from channels.http import HttpRequest, HttpResponse
from channels.outbound import Refused
from channels.registry import ADAPTERS

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CREDENTIALS: dict[str, dict[str, Any]] = {
    "whatsapp_cloud": {"app_secret": "0" * 32, "verify_token": "v", "access_token": "tok"},
    "360dialog": {"webhook_secret": "s" * 16, "api_key": "key"},
    "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "t" * 32},
    "bandwidth": {"username": "u", "password": "p" * 12, "api_username": "api", "api_password": "secret"},
    "bird": {"signing_key": "k" * 16, "access_key": "acc", "workspace_id": "w"},
    "messagebird": {"signing_key": "k" * 16, "access_key": "acc"},
    "vonage": {"signature_secret": "s" * 16, "api_key": "k", "api_secret": "secret"},
    "infobip": {"username": "u", "password": "p" * 12, "api_key": "key", "base_url": "https://x1.api.infobip.com"},
    "mailgun": {"signing_key": "k" * 16, "api_key": "key", "domain": "mg.example.org"},
}


def asked(provider: str, media: Media, *answers: HttpResponse) -> tuple[list[HttpRequest], HttpRequest | Refused]:
    """Lead the dialogue; returns what was asked, and what came of it."""
    adapter = ADAPTERS[provider]
    credentials = adapter.credentials.model_validate(CREDENTIALS[provider])
    assert adapter.operations.download is not None
    dialogue = adapter.operations.download(media, credentials, NOW)
    requests: list[HttpRequest] = []
    try:
        requests.append(next(dialogue))
        for answer in answers:
            requests.append(dialogue.send(answer))
    except StopIteration as done:
        outcome: HttpRequest | Refused = done.value
        return requests, outcome
    raise AssertionError("it wants more answers")


LINKS = [
    ("twilio", "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME0", "Basic "),
    ("bandwidth", "https://messaging.bandwidth.com/api/v2/users/1/media/2/a.jpg", "Basic "),
    ("bird", "https://media.api.bird.com/1", "AccessKey acc"),
    ("messagebird", "https://media.nest.messagebird.com/1", "AccessKey acc"),
    ("vonage", "https://api-us.nexmo.com/v3/media/1", "Basic "),
    ("infobip", "https://x1.api.infobip.com/whatsapp/1/senders/1/media/2", "App key"),
    (
        "mailgun",
        "https://storage-us-east4.api.mailgun.net/v3/domains/mg.example.org/messages/1/attachments/0",
        "Basic ",
    ),
]


@pytest.mark.parametrize(("provider", "link", "login"), LINKS, ids=[one[0] for one in LINKS])
def test_a_login_goes_to_the_provider_and_to_nobody_else(provider: str, link: str, login: str) -> None:
    requests, outcome = asked(provider, Media(type="image", url=link))
    assert requests == []
    assert isinstance(outcome, HttpRequest)
    assert outcome.url == link
    assert outcome.headers.get("authorization").startswith(login)
    host = link.split("/")[2]
    for elsewhere in (f"https://{host}.example.org/a", f"https://example.org/{host}", "https://example.org/a"):
        _, plain = asked(provider, Media(type="image", url=elsewhere))
        assert isinstance(plain, HttpRequest)
        assert "authorization" not in plain.headers
    for no_link in (None, "", f"http://{host}/a", f"https://u:p@{host}/a", f"https://{host}:8443/a", "file:///etc"):
        _, refusal = asked(provider, Media(type="image", url=no_link))
        assert isinstance(refusal, Refused)


def link_of(url: str) -> HttpResponse:
    """Return Meta's answer with a link."""
    return HttpResponse(200, orjson.dumps({"url": url, "mime_type": "image/jpeg", "id": "7"}))


def test_meta_is_asked_for_the_link_of_an_id() -> None:
    url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7&ext=1"
    (question,), outcome = asked("whatsapp_cloud", Media(type="image", id="7/../x"), link_of(url))
    assert question.url.startswith("https://graph.facebook.com/v")
    assert question.url.endswith("/7%2F..%2Fx")
    assert isinstance(outcome, HttpRequest)
    assert (outcome.url, outcome.headers.get("authorization")) == (url, "Bearer tok")
    _, elsewhere = asked("whatsapp_cloud", Media(type="image", id="7"), link_of("https://fbsbx.com.example.org/a"))
    assert isinstance(elsewhere, HttpRequest)
    assert "authorization" not in elsewhere.headers


def test_360dialog_hands_files_out_under_its_own_host() -> None:
    url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7&ext=1"
    (question,), outcome = asked("360dialog", Media(type="image", id="7"), link_of(url))
    assert question.url == "https://waba-v2.360dialog.io/7"
    assert isinstance(outcome, HttpRequest)
    assert outcome.url == "https://waba-v2.360dialog.io/whatsapp_business/attachments/?mid=7&ext=1"
    assert outcome.headers.get("d360-api-key") == "key"


@pytest.mark.parametrize("provider", ["whatsapp_cloud", "360dialog"])
@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (HttpResponse(404), "file_gone", False),
        (HttpResponse(400, b'{"error":{"code":100,"error_subcode":33}}'), "file_gone", False),
        (HttpResponse(401, b'{"error":{"code":190}}'), "190", False),
        (HttpResponse(599, failure="no answer"), None, True),
        (HttpResponse(200, b"{}"), None, None),
        (HttpResponse(200, b"not JSON"), None, None),
        (HttpResponse(200, b'{"url":"http://inside.test/"}'), "file_nowhere", False),
    ],
    ids=["404", "no such id", "login", "no answer", "no link", "no JSON", "a plain link"],
)
def test_a_file_that_is_not_named_is_refused(
    provider: str, answer: HttpResponse, code: str | None, retryable: bool | None
) -> None:
    _, outcome = asked(provider, Media(type="image", id="7"), answer)
    assert isinstance(outcome, Refused)
    assert code is None or outcome.code == code
    assert retryable is None or outcome.retryable == retryable


def test_a_link_alone_needs_no_question() -> None:
    with pytest.raises(StopIteration) as done:
        next(by_link(Media(type="image", url="https://media.telnyx.test/a")))
    assert done.value.value == HttpRequest("GET", "https://media.telnyx.test/a", done.value.value.headers)
