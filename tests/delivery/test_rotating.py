"""Secrets that are replaced while deliveries go on: what arrives is proven by those that count, and by no other."""

from datetime import UTC, datetime

from channels.errors import SignatureInvalid
from channels.http import Headers
from channels.standard_webhooks import verify
from tests.delivery.conftest import Integrator
from tests.delivery.receiving import Receipt, Receiver
from tests.delivery.receiving import verify as verify_by_reference


def proven(receipt: Receipt, proofs: list[str]) -> list[bool]:
    """Tell by which secrets and public keys a request is proven, each alone."""

    def fits(proof: str) -> bool:
        try:
            verify(Headers(receipt.headers.items()), receipt.body, [proof.encode()], datetime.now(UTC))
        except SignatureInvalid:
            return False
        return True

    return [fits(proof) for proof in proofs]


async def test_a_new_secret_is_tried_out_before_the_old_one_ends(integrator: Integrator, receiver: Receiver) -> None:
    login = {"type": "basic", "username": "pg", "password": "word"}
    old = await integrator.register(receiver, event_types=["label.*"], schemes=["v1a"], auth=login)
    path = f"/webhook-endpoints/{old['id']}"
    new = await integrator.ask("POST", f"{path}/rotate-secret", 200, {"probe": True})
    proofs = [old["secret"], new["secret"], old["public_key"], new["public_key"]]
    await receiver.wait_for_count(1)
    assert receiver.receipts[0].headers["postgate-delivery"] == new["probe"]["id"]
    assert proven(receiver.receipts[0], proofs) == [False, True, False, True]
    verify_by_reference(receiver.receipts[0], new["secret"])

    await integrator.happen()
    await receiver.wait_for_count(2)
    assert proven(receiver.receipts[1], proofs) == [True, True, True, True]

    last = await integrator.ask("POST", f"{path}/rotate-secret", 200, {"overlap_seconds": 0})
    await integrator.happen(prefix="Later")
    await receiver.wait_for_count(3)
    assert proven(receiver.receipts[2], proofs) == [False] * 4
    verify_by_reference(receiver.receipts[2], last["secret"])
    assert {one.headers["Authorization"] for one in receiver.receipts} == {"Basic cGc6d29yZA=="}
