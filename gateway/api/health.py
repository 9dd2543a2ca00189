"""What operators and their machines ask: ``/healthz``, ``/readyz``, ``/metrics``."""

import asyncio
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from gateway.api.services import Check, NotReady, Services
from gateway.migrate import load
from gateway.openapi import Answer, Api, NoBody, NoQuery, OpenCall, Operation, json_answer
from gateway.store.migrations import applied_versions
from gateway.store.pool import DatabaseUnavailable

log = structlog.get_logger(__name__)

TAG = "Operation"
CHECK_SECONDS = 3.0


class Health(BaseModel):
    """The process is alive."""

    status: str


class CheckResult(BaseModel):
    """How one part is."""

    ok: bool
    detail: Any = None  # Any: what that part has to tell


class Readiness(BaseModel):
    """Whether the gateway can do its work, part by part."""

    status: str
    checks: dict[str, CheckResult]


HEALTHZ = Operation(
    method="GET",
    path="/healthz",
    name="get_health",
    tag=TAG,
    summary="Tell that the process is alive.",
    query=NoQuery,
    body=NoBody,
    answers={
        200: Answer("It is.", Health),
        503: Answer("A worker that shares its port hangs; it tells which.", Health),
    },
)
READYZ = Operation(
    method="GET",
    path="/readyz",
    name="get_readiness",
    tag=TAG,
    summary="Tell whether the gateway can do its work.",
    query=NoQuery,
    body=NoBody,
    answers={
        200: Answer("It can.", Readiness),
        503: Answer("It can't; the part that is not ok tells.", Readiness),
    },
)
METRICS = Operation(
    method="GET",
    path="/metrics",
    name="get_metrics",
    tag=TAG,
    summary="Tell measurements, for Prometheus.",
    query=NoQuery,
    body=NoBody,
    answers={200: Answer("Prometheus text format.", content_type="text/plain")},
)


class Alive:
    """The handlers of ``/healthz`` and ``/metrics``: of this process, or of all workers that share its port."""

    def __init__(self, services: Services) -> None:
        self._check = services.check_alive
        self._measurements = services.measurements

    async def healthz(self, _call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer as long as the event loop turns."""
        try:
            await self._check()
        except NotReady as error:
            log.warning("not_alive", reason=str(error))
            return json_answer(Health(status=str(error)), 503)
        return json_answer(Health(status="ok"))

    async def metrics(self, _call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all measurements."""
        headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
        return web.Response(body=await self._measurements(), headers=headers)


class Ready:
    """The handler of ``/readyz``; runs all checks at once."""

    def __init__(self, services: Services) -> None:
        self._pool = services.pool
        self._wanted = {migration.version for migration in load()}
        self._checks: dict[str, Check] = {"database": self._database, **services.checks}

    async def ready(self) -> bool:
        """Tell whether every check is well."""
        return all(result.ok for result in await asyncio.gather(*map(_result, self._checks.values())))

    async def readyz(self, _call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer 200 when every check is well, else 503."""
        results = await asyncio.gather(*map(_result, self._checks.values()))
        ok = all(result.ok for result in results)
        answer = Readiness(status="ready" if ok else "not ready", checks=dict(zip(self._checks, results, strict=True)))
        return json_answer(answer, 200 if ok else 503)

    async def _database(self) -> object:
        """Tell the version of the database.

        Raises:
            NotReady: when migrations of this program are missing in it.
        """
        applied = await applied_versions(self._pool)
        missing = sorted(self._wanted - applied)
        if missing:
            raise NotReady(f"migrations are missing: {missing}")
        return {"version": max(applied)}


async def _result(check: Check) -> CheckResult:
    """Run a check, bounded in time; why it fails is logged, and told without what is inside."""
    try:
        return CheckResult(ok=True, detail=await asyncio.wait_for(check(), CHECK_SECONDS))
    except NotReady as error:
        log.warning("not_ready", reason=str(error))
        return CheckResult(ok=False, detail=str(error))
    except (DatabaseUnavailable, TimeoutError) as error:
        log.warning("not_ready", reason=repr(error))
        return CheckResult(ok=False, detail="the database can't be reached")


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    alive = Alive(services)
    api.add_open(HEALTHZ, alive.healthz)
    api.add_open(READYZ, Ready(services).readyz)
    api.add_open(METRICS, alive.metrics)
