"""Endpoints that ask for it get personal data hidden, at once and not when it was found."""

import orjson

from tests.delivery.conftest import Integrator, integrator, receiver, settings
from tests.delivery.receiving import Receiver, receiving, verify

__all__ = ["integrator", "receiver", "settings"]

NAME = "Jo 4111 1111 1111 1111"
HIDDEN = "Jo •••• •••• •••• 1111"


async def test_what_is_sent_is_hidden_for_those_who_ask_for_it(integrator: Integrator, receiver: Receiver) -> None:
    async with receiving() as plain:
        masked = await integrator.register(receiver, event_types=["customer.*"], mask_pii="detected")
        endpoint = await integrator.register(plain, event_types=["customer.*"])
        assert (masked["mask_pii"], endpoint["mask_pii"]) == ("detected", "none")
        body = {"name": NAME, "identities": [{"kind": "email", "value": "jo@example.org"}]}
        customer = await integrator.ask("POST", "/customers", 201, body)
        await receiver.wait_for_count(1)
        await plain.wait_for_count(1)
        whole = verify(plain.receipts[0], endpoint["secret"])
        hidden = verify(receiver.receipts[0], masked["secret"])
        assert whole["data"]["name"] == NAME
        assert hidden == {**whole, "data": {**whole["data"], "name": HIDDEN}}

        # As the delivery shows it, too.
        [delivery] = (await integrator.ask("GET", f"/deliveries?endpoint_id={masked['id']}", 200))["data"]
        assert (await integrator.ask("GET", f"/deliveries/{delivery['id']}", 200))["event"] == hidden

        # From a change of the rules on more is hidden, and from a change of the endpoint on nothing.
        await integrator.ask("PATCH", "/pii/rules", 200, {"rules": [{"kind": "email", "enabled": True}]})
        await integrator.ask("PATCH", f"/customers/{customer['id']}", 200, {"customer_code": "C-1"})
        await receiver.wait_for_count(2)
        told = verify(receiver.receipts[1], masked["secret"])["data"]
        assert [one["value"] for one in told["identities"]] == ["j•••@•••"]
        assert (told["name"], told["id"], told["customer_code"]) == (HIDDEN, customer["id"], "C-1")
        await integrator.ask("PATCH", f"/webhook-endpoints/{masked['id']}", 200, {"mask_pii": "none"})
        await integrator.ask("PATCH", f"/customers/{customer['id']}", 200, {"customer_code": "C-2"})
        await receiver.wait_for_count(3)
        assert orjson.loads(receiver.receipts[2].body)["data"]["name"] == NAME
