"""Proofs of origin: strict in form, whole in comparison."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from channels.errors import SignatureInvalid
from channels.signatures import live, matches, require_basic, require_fresh, require_hmac_sha256

RIGHT = hmac.new(b"secret", b"body", hashlib.sha256).hexdigest()


def test_an_hmac_may_be_made_with_any_live_secret() -> None:
    secrets = live(SecretStr("new"), [SecretStr("older"), SecretStr("secret")])
    require_hmac_sha256(secrets, b"body", RIGHT)
    with pytest.raises(SignatureInvalid):
        require_hmac_sha256(secrets[:2], b"body", RIGHT)


@pytest.mark.parametrize(
    "given", ["", RIGHT[:-1], RIGHT + "0", RIGHT + "\n", RIGHT.upper(), RIGHT[:-1] + "é", " " + RIGHT]
)
def test_an_hmac_in_another_form_is_refused(given: str) -> None:
    with pytest.raises(SignatureInvalid):
        require_hmac_sha256([b"secret"], b"body", given)


def test_no_secret_means_no_entry() -> None:
    assert live(None) == ()
    with pytest.raises(SignatureInvalid):
        require_hmac_sha256((), b"body", RIGHT)
    assert not matches((), "")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "given", [basic("hook:pä:ss"), basic("hook:pä:ss").replace("Basic", "basic"), basic("hook:old")]
)
def test_a_basic_login_is_known_by_name_and_any_live_password(given: str) -> None:
    require_basic(given, [("hook", "pä:ss".encode()), ("hook", b"old")])


@pytest.mark.parametrize(
    "given",
    ["", "Basic", "Basic ", "Basic %%%", "Basic é", "Bearer x", basic("hook"), basic("hook:"), basic("other:pä:ss"),
     basic("hook:pä:ss "), basic("")],
)  # fmt: skip
def test_any_other_login_is_refused(given: str) -> None:
    with pytest.raises(SignatureInvalid):
        require_basic(given, [("hook", "pä:ss".encode()), ("hook", b"old")])


NOW = datetime(2026, 1, 1, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize("stamp", [EPOCH, EPOCH - 300, EPOCH + 60])
def test_a_stamp_within_the_window_is_fresh(stamp: int) -> None:
    require_fresh(str(stamp), NOW, past=300, future=60)


@pytest.mark.parametrize(
    "stamp", [str(EPOCH - 301), str(EPOCH + 61), "", "now", "-1", "1e9", "٣", "9" * 40, f" {EPOCH}"]
)
def test_any_other_stamp_is_refused(stamp: str) -> None:
    with pytest.raises(SignatureInvalid):
        require_fresh(stamp, NOW, past=300, future=60)
