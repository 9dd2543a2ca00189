"""``POST /api/v1/simulations``: the page's button that sends sample messages."""

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.demo.sample_poster import SamplePoster
from gateway.model.ids import public
from gateway.openapi import Answer, Api, BodyModel, Call, NoQuery, Operation, json_answer
from gateway.problems import NotFound

Share = Annotated[float, Field(ge=0, le=1)]


class SimulationOrder(BodyModel):
    """What to post."""

    count: int = Field(default=12, ge=1, le=1000, description="How many different messages.")
    rate: float = Field(default=3.0, gt=0, le=200, description="Posts a second.")
    provider: Literal["whatsapp_cloud", "twilio", "postmark"] | None = Field(
        default=None, description="Only this one; null for all."
    )
    duplicates: Share = Field(default=0.0, description="The share that is posted twice.")
    shuffle: bool = Field(default=False, description="Let messages overtake each other.")


class Simulation(BaseModel):
    """A simulation that was begun."""

    id: str
    count: int = Field(description="How many different messages it posts.")


START = Operation(
    method="POST",
    path="/api/v1/simulations",
    name="start_simulation",
    tag="Demo",
    summary="Post signed sample webhooks to this gateway.",
    description="For the demo tenant only; the webhooks take the same way as a provider's.",
    query=NoQuery,
    body=SimulationOrder,
    permission="conversations.write",
    example={"count": 12, "rate": 3.0, "provider": "twilio"},
    answers={202: Answer("It has begun.", Simulation)},
    problems=(NotFound,),
)


def add_routes(api: Api, poster: SamplePoster, new_id: Callable[[], UUID]) -> None:
    """Mount the operation."""

    async def start(call: Call[NoQuery, SimulationOrder]) -> web.StreamResponse:
        if not poster.serves(call.caller.tenant_id):
            raise NotFound("no samples are posted for this tenant")
        order = call.body
        poster.start(order.count, order.rate, order.provider, order.duplicates, shuffle=order.shuffle)
        return json_answer(Simulation(id=public("sim", new_id()), count=order.count), 202)

    api.add(START, start)
