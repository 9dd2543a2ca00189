"""What the simulator does when it is told to misbehave, by its own API and by who is written to."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.outbound import Accepted, Refused
from gateway.simulator.behaviour import MAGIC, MOST_ORDERS, WELL, Behaviour, Behaviours, Order, magic
from gateway.simulator.customers import ANSWERS, OTHERWISE, answer_to
from tests.simulator.conftest import PHONE, Stage
from tests.simulator.test_providers import inbound, statuses

NUMBERS = {name: f"+1202555{digits}" for digits, name in MAGIC}


async def test_what_hangs_was_taken_all_the_same(stage: Stage) -> None:
    sent = asyncio.create_task(stage.send("twilio", recipient=NUMBERS["hang"]))
    told = await stage.hooks.until(inbound)
    assert [update.status for update in statuses(told)] == ["sent", "delivered"]
    assert not sent.done()
    result = await sent
    assert isinstance(result, Refused)
    assert (result.unknown, result.code) == (True, "no_answer")


async def test_a_connection_that_is_closed_leaves_open_what_happened(stage: Stage) -> None:
    for name, taken in (("lost", 0), ("closed", 1)):
        refused = await stage.refused("whatsapp_cloud", recipient=NUMBERS[name])
        assert (refused.unknown, refused.code) == (True, "no_answer")
        assert len(stage.serving.simulator.taken) == taken
    told = await stage.hooks.until(inbound)
    assert {update.recipient for update in statuses(told)} == {NUMBERS["closed"]}


async def test_a_busy_provider_takes_the_third_try(stage: Stage) -> None:
    for _ in range(2):
        refused = await stage.refused("twilio", recipient=NUMBERS["busy"])
        assert (refused.retryable, refused.retry_after) == (True, 3.0)
    assert isinstance(await stage.send("twilio", recipient=NUMBERS["busy"]), Accepted)


async def test_statuses_come_repeatedly_and_the_last_first(stage: Stage) -> None:
    await stage.send("whatsapp_cloud", recipient=NUMBERS["repeat"])
    told = await stage.hooks.until(inbound)
    assert [update.status for update in statuses(told)] == ["read"] * 3 + ["delivered"] * 3 + ["sent"] * 3
    assert len({update.external_id for update in statuses(told)}) == 3


async def test_statuses_can_come_before_the_answer(stage: Stage) -> None:
    await stage.tell("whatsapp_cloud", early=True)
    sent = asyncio.create_task(stage.send("whatsapp_cloud"))
    await stage.hooks.until(lambda events: len(statuses(events)) == 3)
    assert isinstance(await sent, Accepted)
    assert inbound(await stage.hooks.until(inbound))


async def test_a_silent_customer_never_answers(stage: Stage) -> None:
    await stage.send("whatsapp_cloud", recipient=NUMBERS["silent"])
    await stage.send("whatsapp_cloud")
    told = await stage.hooks.until(inbound)
    silent = [update.status for update in statuses(told) if update.recipient == NUMBERS["silent"]]
    assert silent == ["sent", "delivered"]
    assert [event.sender for event in inbound(told)] == [PHONE]


async def test_a_webhook_that_is_not_taken_is_posted_again(stage: Stage) -> None:
    stage.hooks.refuse_next = 2
    await stage.send("postmark")
    told = await stage.hooks.until(inbound)
    assert [update.status for update in statuses(told)] == ["delivered", "opened"]


async def test_nobody_else_is_called_back(stage: Stage) -> None:
    account = stage.account("twilio")
    for url in ("http://127.0.0.1:9/", f"{account.hook_url}.example.org/", account.hook_url + "1"):
        assert account.reached(url) is None
        await stage.send("twilio", callback_url=url)
    told = await stage.hooks.until(lambda events: len(inbound(events)) == 3)
    assert not statuses(told)
    assert account.reached(f"{account.hook_url}?reference=1") == f"{account.post_url}?reference=1"


async def test_the_api_tells_what_it_was_told(stage: Stage) -> None:
    await stage.tell("twilio", PHONE, refuse="window", times=1)
    async with stage.client.get("/simulator/behaviour") as answer:
        shown = await answer.json()
    order = {"provider": "twilio", "recipient": PHONE, "behaviour": {"refuse": "window", "times": 1}}
    assert shown["told"] == [order]
    assert {one["number_ends"] for one in shown["recipients"]} == {digits for digits, _ in MAGIC}
    async with stage.client.delete("/simulator/behaviour") as answer:
        assert (await answer.json())["told"] == []
    assert isinstance(await stage.send("twilio"), Accepted)
    async with stage.client.get("/simulator/messages") as answer:
        [taken] = (await answer.json())["data"]
    assert (taken["provider"], taken["to"], taken["text"]) == ("twilio", PHONE, "Would Friday do?")


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/simulator/behaviour", {"json": {"behaviour": {"refuse": "a b"}}}, 422),
        ("/simulator/behaviour", {"json": {"provider": "sirius", "behaviour": {}}}, 422),
        ("/simulator/behaviour", {"data": "{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ("/simulator/messages", {"json": {"provider": "sirius", "sender": "+1202", "text": "Hi"}}, 422),
        (
            "/simulator/messages",
            {"json": {"provider": "twilio", "channel": "email", "sender": "+1", "text": "Hi"}},
            422,
        ),
    ],
)
async def test_what_makes_no_sense_is_refused(stage: Stage, path: str, sent: dict[str, Any], status: int) -> None:
    async with stage.client.post(path, **sent) as answer:
        assert (answer.status, "detail" in await answer.json()) == (status, True)


async def test_a_customer_can_be_made_to_write(stage: Stage) -> None:
    letter = {"provider": "twilio", "channel": "whatsapp", "sender": NUMBERS["bounce"], "text": "Hi", "name": "Sam"}
    async with stage.client.post("/simulator/messages", json=letter) as answer:
        assert answer.status == 201, await answer.text()
    mail = {"provider": "mailgun", "sender": "bounce@example.org", "text": "Hi", "subject": "Chairs"}
    async with stage.client.post("/simulator/messages", json=mail) as answer:
        assert answer.status == 201, await answer.text()
    first, second = await stage.hooks.until(lambda events: len(events) == 2)
    assert (first.channel, first.sender_name, first.text) == ("whatsapp", "Sam", "Hi")
    assert second.mail["subject"] == "Chairs"


def test_an_order_for_a_recipient_goes_before_all_others() -> None:
    behaviours = Behaviours()
    behaviours.tell(Order(behaviour=Behaviour(refuse="login")))
    behaviours.tell(Order(provider="twilio", behaviour=Behaviour(refuse="trouble")))
    behaviours.tell(Order(recipient=PHONE, behaviour=Behaviour(refuse="window")))
    behaviours.tell(Order(provider="twilio", recipient=PHONE, behaviour=Behaviour(refuse="busy", times=1)))
    said = [behaviours.of("twilio", PHONE).refuse for _ in range(2)]
    assert said == ["busy", "window"]
    assert behaviours.of("twilio", "+12025550143").refuse == "trouble"
    assert behaviours.of("postmark", "refused@example.org").refuse == "undeliverable"
    assert behaviours.of("postmark", "dana@example.org").refuse == "login"
    behaviours.forget()
    assert behaviours.of("twilio", PHONE) == WELL


def test_orders_are_not_kept_without_end() -> None:
    behaviours = Behaviours()
    for number in range(MOST_ORDERS + 1):
        behaviours.tell(Order(recipient=f"+{number}", behaviour=Behaviour(refuse="busy")))
    assert len(behaviours.told) == MOST_ORDERS
    assert behaviours.of("twilio", "+0") == WELL


def test_addresses_decide_by_their_end_or_their_beginning() -> None:
    for (digits, name), behaviour in MAGIC.items():
        assert magic(f"+1202555{digits}") == magic(f"{name.upper()}@example.org") == behaviour
    assert magic(PHONE) is magic("dana@example.org") is None


@given(text=st.text(max_size=300), turn=st.integers(0, 50))
def test_customers_always_have_an_answer(text: str, turn: int) -> None:
    assert answer_to(text, turn)


def test_customers_do_not_say_the_same_twice_in_a_row() -> None:
    for said in (*(answers for _, answers in ANSWERS), OTHERWISE):
        assert len(set(said)) == len(said)
    assert answer_to("All done.", 0) != answer_to("All done.", 1)
    assert answer_to("Which day would you like?", 0) == "Friday after 4 would be best."
