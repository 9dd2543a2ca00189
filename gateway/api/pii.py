"""``/api/v1/pii``: what a tenant's texts are searched for, and trying that out."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import AfterValidator, Field

from gateway.api.authors import author_of
from gateway.api.services import Services
from gateway.model.ids import public
from gateway.model.pii import BuiltIn, PiiPattern, PiiRules, PiiTrial
from gateway.openapi import Answer, Api, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.pii.detecting import Detectors, Rule
from gateway.pii.finding import Kind
from gateway.pii.masking import mask, sample
from gateway.pii.national_ids import COUNTRIES
from gateway.pii.phones import REGIONS
from gateway.pii.templates import TemplateInvalid, compiled
from gateway.problems import Fault, Invalid, NotFound, WrongState
from gateway.store import pii_results, pii_rules
from gateway.store.pii_rules import BUILT_IN, ON_AT_FIRST, NameTaken, StoredRule
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Personal data"
MOST_PATTERNS = 20
WITH_COUNTRIES = frozenset[Kind]({"national_id", "phone"})


def _usable(pattern: str) -> str:
    try:
        compiled(pattern)
    except TemplateInvalid as error:
        raise ValueError(str(error)) from error
    return pattern


Pattern = Annotated[
    str,
    Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["AB-999999"]),
    AfterValidator(_usable),
]
Name = Annotated[
    str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["DE"])]
PATTERN = (
    "A template: 9 is a digit, a is a letter, * is a letter or a digit, ? after one of these says that it may be"
    ' missing; what stands between quotes ("") or is anything else is itself.'
)


class RuleBody(BodyModel):
    """Whether a kind is looked for."""

    kind: BuiltIn
    enabled: bool
    countries: Annotated[list[Country], Field(min_length=1, max_length=40)] | None = None


class RulesBody(BodyModel):
    """Kinds that are to be looked for, or no longer; those that are left out stay as they are."""

    rules: list[RuleBody] = Field(min_length=1, max_length=len(BUILT_IN))


class PatternBody(BodyModel):
    """A new pattern."""

    name: Name
    pattern: Pattern = Field(description=PATTERN)
    enabled: bool = True


class PatternChange(BodyModel):
    """What is to be changed of a pattern; what is left out stays."""

    name: Name | None = None
    pattern: Pattern | None = Field(default=None, description=PATTERN)
    enabled: bool | None = None


class TrialBody(BodyModel):
    """A text to be looked through; it is not kept."""

    text: str = Field(max_length=10_000)
    pattern: Pattern | None = Field(default=None, description="To be looked for alone; null: all that is on.")


GET = Operation(
    method="GET",
    path="/api/v1/pii/rules",
    name="get_pii_rules",
    tag=TAG,
    summary="Tell what texts are searched for.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All kinds, and the patterns by name.", PiiRules)},
)
SET = Operation(
    method="PATCH",
    path="/api/v1/pii/rules",
    name="set_pii_rules",
    tag=TAG,
    summary="Say what texts are searched for.",
    description="Holds for what is written from now on, and at once for what is sent to endpoints that get it masked.",
    query=NoQuery,
    body=RulesBody,
    permission="tenant.write",
    example={"rules": [{"kind": "national_id", "enabled": True, "countries": ["DE", "FR"]}]},
    answers={200: Answer("All of it as it is now.", PiiRules)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/pii/patterns",
    name="create_pii_pattern",
    tag=TAG,
    summary="Make a pattern.",
    query=NoQuery,
    body=PatternBody,
    permission="tenant.write",
    example={"name": "Contract", "pattern": "CT-999999"},
    answers={201: Answer("The pattern.", PiiPattern)},
    problems=(WrongState,),
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/pii/patterns/{id}",
    name="change_pii_pattern",
    tag=TAG,
    summary="Change a pattern.",
    query=NoQuery,
    body=PatternChange,
    permission="tenant.write",
    example={"enabled": False},
    answers={200: Answer("The pattern as it is now.", PiiPattern)},
    id_prefix="pat",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/pii/patterns/{id}",
    name="remove_pii_pattern",
    tag=TAG,
    summary="Remove a pattern.",
    description="What it found stays in the list of results.",
    query=NoQuery,
    body=NoBody,
    permission="tenant.write",
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="pat",
)
TRY = Operation(
    method="POST",
    path="/api/v1/pii/try",
    name="try_pii_rules",
    tag=TAG,
    summary="Look through a text.",
    description="By what is on, or by one pattern. Nothing of it is stored.",
    query=NoQuery,
    body=TrialBody,
    permission="inbox.read",
    example={"text": "Contract CT-204060, card 4111 1111 1111 1111", "pattern": "CT-999999"},
    answers={200: Answer("What was found.", PiiTrial)},
)
AGAIN = Operation(
    method="POST",
    path="/api/v1/pii/scan",
    name="scan_for_pii",
    tag=TAG,
    summary="Have all of the log that is kept looked through once more.",
    description="After rules were changed. It is done little by little, behind what comes in; reviews stay.",
    query=NoQuery,
    body=NoBody,
    permission="tenant.write",
    answers={202: Answer("It begins within a second.", content_type=None)},
)


class PersonalData:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer what is looked for."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return json_answer(_shown(await pii_rules.all_of(tx)))

    async def set(self, call: Call[NoQuery, RulesBody]) -> web.StreamResponse:
        """Switch kinds on and off."""
        _check(call.body)
        author = author_of(call.caller, self._services)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            for rule in call.body.rules:
                await pii_rules.set_built_in(
                    tx, author.fresh_id(), rule.kind, enabled=rule.enabled, countries=rule.countries,
                    by=call.caller.user_id,
                )  # fmt: skip
            shown = _shown(await pii_rules.all_of(tx))
            touched = await pii_rules.touch_endpoints(tx)
        self._tell(touched)
        return json_answer(shown)

    async def create(self, call: Call[NoQuery, PatternBody]) -> web.StreamResponse:
        """Make a pattern."""
        body, key = call.body, author_of(call.caller, self._services).fresh_id()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if await pii_rules.count_patterns(tx) >= MOST_PATTERNS:
                raise WrongState(f"there are {MOST_PATTERNS} patterns already: remove one first")
            try:
                await pii_rules.add_pattern(
                    tx, key, body.name, body.pattern, enabled=body.enabled, by=call.caller.user_id
                )
            except NameTaken:
                raise _taken() from None
            shown = await self._pattern(tx, key)
            touched = await pii_rules.touch_endpoints(tx)
        self._tell(touched)
        return json_answer(shown, 201)

    async def change(self, call: Call[NoQuery, PatternChange]) -> web.StreamResponse:
        """Change a pattern."""
        body = call.body
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            try:
                there = await pii_rules.change_pattern(
                    tx, call.id, body.name, body.pattern, enabled=body.enabled, by=call.caller.user_id
                )
            except NameTaken:
                raise _taken() from None
            if not there:
                raise _not_there()
            shown = await self._pattern(tx, call.id)
            touched = await pii_rules.touch_endpoints(tx)
        self._tell(touched)
        return json_answer(shown)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Remove a pattern."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if not await pii_rules.remove_pattern(tx, call.id, call.caller.user_id):
                raise _not_there()
            touched = await pii_rules.touch_endpoints(tx)
        self._tell(touched)
        return web.Response(status=204)

    async def try_out(self, call: Call[NoQuery, TrialBody]) -> web.StreamResponse:
        """Look through a text."""
        if call.body.pattern is not None:
            detectors = Detectors([Rule("custom", "trial", call.body.pattern)])
        else:
            async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
                detectors = await pii_rules.detectors(tx)
        text = call.body.text
        findings = [
            {
                "kind": one.kind,
                "detector": one.detector,
                "start": one.start,
                "end": one.end,
                "confidence": one.confidence,
                "sample": sample(one.kind, text[one.start : one.end]),
            }
            for one in detectors.find(text)
        ]
        return json_answer(orjson.dumps({"findings": findings, "masked": mask(text, detectors)}).decode())

    async def scan(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Have the log read once more."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await pii_results.begin_anew(tx)
        return web.Response(status=202)

    async def _pattern(self, tx: TenantTx, key: UUID) -> str:
        found = next(rule for rule in await pii_rules.all_of(tx) if rule.id == key)
        return orjson.dumps(_shown_pattern(found)).decode()

    def _tell(self, endpoints: Sequence[UUID]) -> None:
        for endpoint_id in endpoints:
            self._services.endpoint_changed(endpoint_id)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = PersonalData(services)
    api.add(GET, handlers.get)
    api.add(SET, handlers.set)
    api.add(CREATE, handlers.create)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)
    api.add(TRY, handlers.try_out)
    api.add(AGAIN, handlers.scan)


def _check(body: RulesBody) -> None:
    """Refuse countries where there are none, and kinds that are there twice.

    Raises:
        Invalid: naming each of them.
    """
    faults = []
    for place, rule in enumerate(body.rules):
        if rule.countries is not None and rule.kind not in WITH_COUNTRIES:
            faults.append(Fault("body", f"/rules/{place}/countries", "this kind is the same in all countries"))
        elif rule.kind == "national_id" and (unknown := set(rule.countries or ()) - set(COUNTRIES)):
            words = f"no id of {', '.join(sorted(unknown))} is known; there are {', '.join(COUNTRIES)}"
            faults.append(Fault("body", f"/rules/{place}/countries", words))
        elif rule.kind == "phone" and (unknown := set(rule.countries or ()) - REGIONS):
            words = f"no numbering plan of {', '.join(sorted(unknown))} is known"
            faults.append(Fault("body", f"/rules/{place}/countries", words))
        if any(rule.kind == other.kind for other in body.rules[:place]):
            faults.append(Fault("body", f"/rules/{place}/kind", "this kind is there twice"))
    if faults:
        raise Invalid("some rules are not acceptable", faults)


def _shown(stored: Sequence[StoredRule]) -> str:
    said = {rule.kind: rule for rule in stored if rule.kind != "custom"}
    rules = [
        {
            "kind": kind,
            "enabled": said[kind].enabled if kind in said else kind in ON_AT_FIRST,
            "countries": said[kind].countries if kind in said else None,
            "known_countries": list(COUNTRIES) if kind == "national_id" else None,
        }
        for kind in BUILT_IN
    ]
    patterns = [_shown_pattern(rule) for rule in stored if rule.kind == "custom"]
    return orjson.dumps({"rules": rules, "patterns": patterns}).decode()


def _shown_pattern(rule: StoredRule) -> dict[str, object]:
    return {"id": public("pat", rule.id), "name": rule.name, "pattern": rule.pattern, "enabled": rule.enabled}


def _taken() -> Invalid:
    return Invalid("this name is taken", [Fault("body", "/name", "there is a pattern of this name")])


def _not_there() -> NotFound:
    return NotFound("there is no such pattern")
