import { beforeEach, describe, expect, test } from "vitest";
import { go } from "../route";
import { fakeGateway, Refusal } from "../../tests/gateway";
import { madeAttempt, madeDelivery } from "../../tests/endpoints";
import { fresh, list, load, lookAgain, more, parameters, showFresh, state, stuck } from "./ledger";
import { partsOf } from "./timing";
import { inShort } from "./words";

const FIRST = "GET /deliveries?limit=50";
const page = (ids: readonly string[], next: string | null = null) => ({
  data: ids.map((id) => madeDelivery(id)),
  next_cursor: next,
});
const shown = () => list.value.map((one) => one.id);

beforeEach(() => {
  go({ page: "settings", area: "deliveries", place: "", query: "" });
});

describe("the list of deliveries", () => {
  test("is read page by page, through pages that hold nothing", async () => {
    fakeGateway({
      [FIRST]: page([], "a"),
      [`${FIRST}&cursor=a`]: page(["dlv_3", "dlv_2"], "b"),
      [`${FIRST}&cursor=b`]: page([], "c"),
      [`${FIRST}&cursor=c`]: page(["dlv_1"]),
    });
    await load();
    expect(shown()).toEqual(["dlv_3", "dlv_2"]);
    await more();
    await more(); // there is no more
    expect(shown()).toEqual(["dlv_3", "dlv_2", "dlv_1"]);
  });

  test("takes newer ones on top, or keeps them back while somebody reads", async () => {
    const gateway = fakeGateway({ [FIRST]: page(["dlv_1"]) });
    await load();
    gateway.answers[FIRST] = {
      data: [madeDelivery("dlv_2"), madeDelivery("dlv_1", { status: "FAILED" })],
      next_cursor: null,
    };
    await lookAgain(true);
    expect(list.value.map((one) => [one.id, one.status])).toEqual([["dlv_1", "FAILED"]]);
    expect(fresh.value.map((one) => one.id)).toEqual(["dlv_2"]);
    showFresh();
    expect(shown()).toEqual(["dlv_2", "dlv_1"]);
    gateway.answers[FIRST] = page(["dlv_3", "dlv_2", "dlv_1"]);
    await lookAgain(false);
    expect(shown()).toEqual(["dlv_3", "dlv_2", "dlv_1"]);
  });

  test("leaves no hole when more came than a page holds", async () => {
    const gateway = fakeGateway({ [FIRST]: page(["dlv_1"]) });
    await load();
    gateway.answers[FIRST] = page(["dlv_9", "dlv_8"], "older");
    await lookAgain(false);
    expect(shown()).toEqual(["dlv_9", "dlv_8"]);
  });

  test("stays when a look fails, and says when nothing could be read at all", async () => {
    const gateway = fakeGateway({ [FIRST]: page(["dlv_1"]) });
    await load();
    gateway.answers[FIRST] = new Refusal(503, "database_unavailable");
    await lookAgain(false);
    expect([shown(), state.value, stuck.value]).toEqual([["dlv_1"], "ready", true]);
    await load();
    expect([shown(), state.value]).toEqual([[], "failed"]);
  });

  test("is asked for as the address says, and nothing that it can't say", () => {
    const wanted = new URLSearchParams("endpoint=ep_1&status=FAILED&type=message.*&since=hour&q=reset");
    const present = Date.parse("2026-01-01T12:00:00Z");
    expect(Object.fromEntries(new URLSearchParams(parameters(wanted, present)))).toEqual({
      limit: "50",
      endpoint_id: "ep_1",
      status: "FAILED",
      event_type: "message.*",
      since: "2026-01-01T11:00:00.000Z",
      q: "reset",
    });
    expect(parameters(new URLSearchParams("status=LOST&since=ever"), present)).toBe("limit=50");
    expect(parameters(new URLSearchParams("status=held"), present)).toBe("limit=50&held=true");
  });
});

test("a delivery is told in one line", () => {
  const waiting = { next_attempt_at: "2026-01-01T10:00:00Z", finished_at: null } as const;
  expect(inShort(madeDelivery("dlv_1"))).toBe("Answered 200");
  expect(inShort(madeDelivery("dlv_1", { error_kind: "timeout", response_status_code: null }))).toBe(
    "No answer in time",
  );
  expect(
    inShort(
      madeDelivery("dlv_1", {
        ...waiting,
        status: "RETRYING",
        held_reason: "endpoint_disabled",
        error_kind: "status",
        response_status_code: 500,
      }),
    ),
  ).toBe("Held: its endpoint is disabled · Answered 500");
  expect(inShort(madeDelivery("dlv_1", { ...waiting, status: "PENDING", attempts: 0 }))).toBe("Due now");
});

test("the time of an attempt is told by its parts, which make up all of it", () => {
  expect(partsOf(madeAttempt())).toEqual([
    { name: "dns", ms: 10 },
    { name: "connect", ms: 20 },
    { name: "tls", ms: 30 },
    { name: "wait", ms: 30 },
    { name: "rest", ms: 10 },
  ]);
  const hung = madeAttempt({
    dns_ms: null,
    connect_ms: 5,
    tls_ms: null,
    first_byte_ms: null,
    total_ms: 1000,
  });
  expect(partsOf(hung)).toEqual([
    { name: "connect", ms: 5 },
    { name: "wait", ms: 995 },
  ]);
});
