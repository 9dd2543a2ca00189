"""Signatures as other senders make them: GitHub's published example, and Stripe's rule worked out by hand."""

from channels.webhook_schemes import github_signature, stripe_signature


def test_githubs_published_example_holds() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation"""
    assert github_signature(b"It's a Secret to Everybody", b"Hello, World!") == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_stripes_header_has_the_time_and_a_signature_for_each_secret() -> None:
    """Worked out with openssl: printf '1492774577.{"id":1}' | openssl dgst -sha256 -hmac whsec_…"""
    assert stripe_signature([b"whsec_c2VjcmV0", b"whsec_b3RoZXI="], "1492774577", b'{"id":1}') == (
        "t=1492774577,v1=072fa4135aafe5f8048593f654dcc1e8b6735cef0e80efe5a41e2c60fbbfefd4,"
        "v1=38d88c650cd3528acc2c705a162a562b4b8a43b5845e8995dd3b2bfa1231659b"
    )
