"""``/simulator``: to tell the simulator how to behave, to see what it took, and to let a customer write."""

from collections.abc import Iterator
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.simulator.accounts import Account
from gateway.simulator.behaviour import MAGIC, Order
from gateway.simulator.imitation import Written
from gateway.simulator.providers import IMITATIONS, Simulator, Taken

Model = TypeVar("Model", bound=BaseModel)


class Letter(BaseModel):
    """What a customer writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str = Field(description="Through this provider.")
    sender: str = Field(min_length=3, max_length=320, description="A number in E.164, or a mail address.")
    text: str = Field(min_length=1, max_length=4000)
    name: str = Field(default="", max_length=100)
    subject: str = Field(default="", max_length=200, description="Of a mail.")
    channel: str | None = Field(default=None, description="For providers that have several: whatsapp or sms.")


def add_routes(app: web.Application, simulator: Simulator) -> None:
    """Mount the paths. Only JSON is read: no page of another site can send that here unasked."""

    async def told(_request: web.Request) -> web.Response:
        orders = [order.model_dump(exclude_defaults=True) for order in simulator.behaviours.told]
        return _json({"told": orders, "recipients": list(_magic())})

    async def tell(request: web.Request) -> web.Response:
        order = await _read(request, Order)
        if order.provider is not None and order.provider not in IMITATIONS:
            raise _refusal(f"no such provider: {order.provider}")
        simulator.behaviours.tell(order)
        return await told(request)

    async def forget(request: web.Request) -> web.Response:
        simulator.behaviours.forget()
        return await told(request)

    async def taken(_request: web.Request) -> web.Response:
        return _json({"data": [_shown(one) for one in simulator.taken]})

    async def write(request: web.Request) -> web.Response:
        letter = await _read(request, Letter)
        imitation = IMITATIONS.get(letter.provider)
        if imitation is None:
            raise _refusal(f"no such provider: {letter.provider}")
        account, channel, address = _address(simulator.accounts(letter.provider), letter)
        written = Written(
            account=account,
            channel=channel,
            address=address,
            customer=letter.sender,
            name=letter.name,
            text=letter.text,
            subject=letter.subject,
        )
        if not await simulator.callbacks.bring(imitation, written):
            raise _refusal("the gateway did not take it", 502)
        return _json({"channel": channel, "to": address}, 201)

    app.router.add_get("/simulator/behaviour", told)
    app.router.add_post("/simulator/behaviour", tell)
    app.router.add_delete("/simulator/behaviour", forget)
    app.router.add_get("/simulator/messages", taken)
    app.router.add_post("/simulator/messages", write)


def _address(accounts: list[Account], letter: Letter) -> tuple[Account, str, str]:
    """Return where a customer writes: the first address of a provider, of the channel that is asked for."""
    for account in accounts:
        for kind, address in account.addresses:
            if letter.channel in (None, kind):
                return account, kind, address
    raise _refusal(f"there is no account at {letter.provider} with such an address")


def _magic() -> Iterator[dict[str, Any]]:
    for (digits, name), behaviour in MAGIC.items():
        yield {"number_ends": digits, "mailbox": f"{name}@…", "behaviour": behaviour.model_dump(exclude_defaults=True)}


def _shown(taken: Taken) -> dict[str, Any]:
    message = taken.message
    return {
        "id": message.id,
        "provider": taken.provider,
        "channel": message.channel,
        "from": message.sender,
        "to": message.recipient,
        "text": message.text,
        "subject": message.subject,
        "reference": message.reference,
        "at": taken.at.isoformat(),
    }


async def _read(request: web.Request, model: type[Model]) -> Model:
    if request.content_type != "application/json":
        raise _refusal("send application/json", 415)
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors()]
        raise _refusal("; ".join(wrong)) from error


def _refusal(detail: str, status: int = 422) -> web.HTTPException:
    body = orjson.dumps({"detail": detail}).decode()
    kinds = {415: web.HTTPUnsupportedMediaType, 422: web.HTTPUnprocessableEntity, 502: web.HTTPBadGateway}
    return kinds[status](text=body, content_type="application/json")


def _json(document: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")
