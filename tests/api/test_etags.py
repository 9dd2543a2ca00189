"""``If-Match``: whose change counts when two have seen the same."""

import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.api.etags import etag_of, require_match, tagged
from gateway.problems import ChangedMeanwhile

BODY = '{"name": "Ärger"}'
TAG = etag_of(BODY)


def test_an_answer_has_a_strong_tag_of_its_text() -> None:
    assert tagged(BODY, 201).headers["ETag"] == f'"{TAG}"'
    assert etag_of(BODY) != etag_of(BODY + " ")


@pytest.mark.parametrize("given", [None, "*", f'"{TAG}"', f'"old", "{TAG}"'])
def test_who_saw_what_is_there_may_change_it(given: str | None) -> None:
    request = make_mocked_request("PATCH", "/", headers={"If-Match": given} if given else {})
    require_match(request, BODY)


@pytest.mark.parametrize("given", ['"old"', f'W/"{TAG}"', TAG, "", ",", f'"{TAG}'])
def test_who_saw_something_else_is_told(given: str) -> None:
    with pytest.raises(ChangedMeanwhile):
        require_match(make_mocked_request("PATCH", "/", headers={"If-Match": given}), BODY)
