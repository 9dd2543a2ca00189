"""From the click to the provider and back, over real sockets."""

from tests.sending.conftest import Desk, external_id


async def test_a_message_is_sent_once_and_gets_its_ticks(desk: Desk) -> None:
    key = await desk.write("Good morning")
    message = await desk.until(key, "sent")
    [sent] = desk.provider.sent
    assert (sent["to"], sent["text"]["body"]) == ("+12025550142", "Good morning")
    assert message["external_id"] == external_id(sent)
    await desk.told(message["external_id"], "delivered")
    await desk.told(message["external_id"], "read", 1767225800)
    message = await desk.message(key)
    assert (message["status"], set(message["status_at"])) == ("read", {"queued", "sent", "delivered", "read"})
    assert await desk.events() == [
        ("message.created", "queued"),
        ("message.status_changed", "sent"),
        ("message.status_changed", "delivered"),
        ("message.status_changed", "read"),
    ]
