"""Requests to Amazon are signed as in its own examples.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, and its Signature Version 4 test suite.
"""

from datetime import UTC, datetime

import pytest

from channels.aws.signing import Keys, escaped, signed
from channels.http import Headers, HttpRequest

S3_KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
S3_NOW = datetime(2013, 5, 24, tzinfo=UTC)
SUITE_KEYS = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1")
SUITE_NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
BUCKET = "https://examplebucket.s3.amazonaws.com"
SUITE = "https://example.amazonaws.com"


def signature(request: HttpRequest, keys: Keys, service: str, now: datetime) -> str:
    return signed(request, keys, service, now).headers.get("authorization").rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        (
            HttpRequest("GET", f"{BUCKET}/test.txt", Headers.of({"Range": "bytes=0-9"})),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            HttpRequest(
                "PUT",
                f"{BUCKET}/test%24file.text",
                Headers.of({"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}),
                b"Welcome to Amazon S3.",
            ),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            HttpRequest("GET", f"{BUCKET}/?lifecycle"),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            HttpRequest("GET", f"{BUCKET}/?max-keys=2&prefix=J"),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
    ids=["get-object", "put-object", "get-lifecycle", "list-objects"],
)
def test_the_published_examples_of_s3_come_out(request_: HttpRequest, wanted: str) -> None:
    assert signature(request_, S3_KEYS, "s3", S3_NOW) == wanted


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        (HttpRequest("GET", SUITE), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (HttpRequest("POST", f"{SUITE}/"), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            HttpRequest("GET", f"{SUITE}/?Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-vanilla-query-order-key-case"],
)
def test_the_published_test_suite_comes_out(request_: HttpRequest, wanted: str) -> None:
    assert signature(request_, SUITE_KEYS, "service", SUITE_NOW) == wanted


def test_the_proof_names_what_was_signed() -> None:
    request = signed(HttpRequest("GET", SUITE), SUITE_KEYS, "service", SUITE_NOW)
    assert request.headers.get("x-amz-date") == "20150830T123600Z"
    scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    proof = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature="
    assert request.headers.get("authorization").startswith(proof)


def test_a_text_is_escaped_as_amazon_does() -> None:
    assert escaped("in/a b+ü~", slashes=True) == "in/a%20b%2B%C3%BC~"
    assert escaped("a/b") == "a%2Fb"
