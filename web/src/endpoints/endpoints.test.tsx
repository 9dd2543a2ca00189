import { render, screen, waitFor } from "@testing-library/preact";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import type { EndpointNews } from "../model/endpoint";
import type { Me } from "../model/types";
import { go } from "../route";
import { me } from "../store";
import { at } from "../../tests/made";
import { madeAttempt, madeDelivery, madeEndpoint } from "../../tests/endpoints";
import { fakeGateway, Refusal, type FakeGateway } from "../../tests/gateway";
import type { Bucket, Health } from "./calls";
import { endpoints, foldEndpoints, forgetEndpoints, keepEndpoint } from "./known";
import EndpointPages from "./page";
import { heights, path, timed } from "./shape";
import { percent } from "./share";

const HEALTH: Health = {
  state: "healthy",
  failures: 0,
  backoff_until: null,
  cap: 4,
  pending: 3,
  oldest_due_at: null,
  last_success_at: at(0),
  last_failure_at: null,
  disables_at: null,
  bucket_minutes: 12,
  minutes: [{ minute: at(0), succeeded: 199, failed: 1, p50_ms: 40, p95_ms: 1500 }],
};

function gatewayWith(of: ReturnType<typeof madeEndpoint>, health: Partial<Health> = {}): FakeGateway {
  return fakeGateway({
    "GET /webhook-endpoints": { data: [of], next_cursor: null },
    "GET /webhook-endpoints/ep_1/health?hours=24": { ...HEALTH, ...health },
    "GET /recoveries?endpoint_id=ep_1": {
      data: [
        {
          id: "rcv_1",
          endpoint_id: "ep_1",
          kind: "replay",
          status: "canceled",
          since: null,
          from_seq: 1,
          to_seq: 10,
          progress: { seen: 5, total: 10, queued: 4 },
          created_at: at(0),
        },
      ],
      next_cursor: null,
    },
  });
}

function who(...permissions: readonly string[]): void {
  me.value = { role: "manager", permissions } as unknown as Me;
}

const hear = (data: EndpointNews) => {
  foldEndpoints([{ type: "webhook_endpoint.updated", seq: 1, data }]);
};

beforeEach(() => {
  HTMLDialogElement.prototype.showModal = function (): void {
    this.open = true;
  };
  forgetEndpoints();
  go({ page: "settings", area: "endpoints", place: "", query: "" });
});

describe("the list of endpoints", () => {
  test("says how each is and what waits, and follows the log", async () => {
    who("webhooks.read", "endpoints.write");
    const gateway = gatewayWith(madeEndpoint());
    render(<EndpointPages place="" />);
    expect(await screen.findByText("Healthy")).toBeTruthy();
    expect(screen.getByText("3 waiting")).toBeTruthy();
    expect(screen.getByText("99.5 % delivered in 24 h")).toBeTruthy();
    const changed = madeEndpoint({ status: "disabled", disabled_reason: "gone", updated_at: at(9) });
    gateway.answers["GET /webhook-endpoints/ep_1"] = { ...changed, url: "https://moved.example.org/" };
    hear({ ...changed, host: "moved.example.org" });
    expect(await screen.findByText("Disabled")).toBeTruthy();
    expect(await screen.findByText("moved.example.org/")).toBeTruthy();
    keepEndpoint(madeEndpoint()); // an answer that is older than the log
    expect(endpoints.value?.[0]?.status).toBe("disabled");
    hear({ ...changed, host: "moved.example.org", deleted_at: at(10), updated_at: at(10) });
    keepEndpoint(changed); // one that was on its way
    expect(await screen.findByText("No program is told of anything yet")).toBeTruthy();
  });
});

describe("an endpoint", () => {
  test("can be looked at by those who may not change it", async () => {
    who("webhooks.read");
    gatewayWith(madeEndpoint({ status: "disabled", disabled_reason: "failing", disabled_at: at(0) }));
    render(<EndpointPages place="ep_1" />);
    expect(await screen.findByText("This endpoint was disabled: it only failed for too long")).toBeTruthy();
    expect(await screen.findByText("Events 1 to 10 · 5 of 10 looked at, 4 to be sent")).toBeTruthy();
    const offered = screen.getAllByRole("button").map((one) => one.textContent);
    expect(offered.filter((text) => text !== "")).toEqual(["Deliveries", "Look"]);
  });

  test("is sent a test event, whose outcome is shown", async () => {
    who("webhooks.read", "endpoints.write", "webhooks.replay");
    const gateway = gatewayWith(madeEndpoint());
    const failed = madeAttempt({
      outcome: "failure",
      error_kind: "status",
      error: "the receiver answered 500",
      status_code: 500,
      response: { status: 500, headers: {}, body: "out of order" },
    });
    Object.assign(gateway.answers, {
      "POST /webhook-endpoints/ep_1/ping": madeDelivery("dlv_1", { kind: "ping", status: "PENDING" }),
      "GET /deliveries/dlv_1": { ...madeDelivery("dlv_1", { status: "FAILED" }), event: {} },
      "GET /deliveries/dlv_1/attempts": { data: [failed], next_cursor: null },
    });
    render(<EndpointPages place="ep_1" />);
    await userEvent.click(await screen.findByText("Send a test event"));
    expect(await screen.findByText("the receiver answered 500")).toBeTruthy();
    expect(screen.getByText("out of order")).toBeTruthy();
  });

  test("goes on with what was stopped, and says why it may not", async () => {
    who("webhooks.read", "webhooks.replay");
    const gateway = gatewayWith(madeEndpoint());
    gateway.answers["POST /recoveries/rcv_1/resume"] = new Refusal(409, "another job is running");
    render(<EndpointPages place="ep_1" />);
    await userEvent.click(await screen.findByText("Go on"));
    expect((await screen.findByRole("alert")).textContent).toBe("another job is running");
    await waitFor(() => {
      expect(gateway.calls).toContain("POST /recoveries/rcv_1/resume");
    });
  });
});

test("why an event did not arrive is asked by its number or its id, and by nothing else", async () => {
  who("webhooks.read");
  const gateway = gatewayWith(madeEndpoint());
  const held = { verdict: "held", reason: `It is held until ${at(0)}.`, next_step: "Wait.", delivery: null };
  gateway.answers["GET /webhook-endpoints/ep_1/why?seq=17"] = held;
  render(<EndpointPages place="ep_1" />);
  const field = await screen.findByLabelText("Event");
  await userEvent.type(field, "all of them{Enter}");
  expect(await screen.findByText(/^An event’s id begins with evt_/u)).toBeTruthy();
  await userEvent.clear(field);
  await userEvent.type(field, "17{Enter}");
  expect(await screen.findByText("It is held back")).toBeTruthy();
  expect(screen.getByText(/^It is held until 1 Jan 2026/u)).toBeTruthy();
  expect(gateway.calls.filter((call) => call.includes("/why?"))).toHaveLength(1);
});

describe("a plot", () => {
  const bucket = (minute: number, succeeded: number, failed: number, p95: number | null = null): Bucket => ({
    minute: at(minute * 60),
    succeeded,
    failed,
    p50_ms: p95,
    p95_ms: p95,
  });

  test("has a place for each stretch of time, also where nothing happened", () => {
    const present = Date.parse(at(59 * 60 + 30));
    const places = timed([bucket(0, 1, 0), bucket(40, 2, 0), bucket(59, 3, 0)], 10, 1, present);
    expect(places.map((one) => one?.succeeded ?? 0)).toEqual([1, 0, 0, 0, 2, 3]);
    expect(timed([bucket(0, 1, 0)], 1, 1, Date.parse(at(86_400))).every((one) => one === null)).toBe(true);
  });

  test("shows whatever there is, the most of it as high as the picture", () => {
    expect(heights([bucket(0, 999, 1), null, bucket(1, 0, 0)], 102)).toEqual([
      { good: 99.9, bad: 2 },
      { good: 0, bad: 0 },
      { good: 0, bad: 0 },
    ]);
    expect(path([10, null, 5, 10], 10, 40, 12)).toBe("M0 1L10 1M20 6L30 6L30 1L40 1");
  });

  test("tells all from nearly all", () => {
    expect(
      [
        [3, 0],
        [0, 3],
        [99_999, 1],
        [1, 1],
      ].map(([succeeded = 0, failed = 0]) => percent({ succeeded, failed })),
    ).toEqual(["100", "0", "99.9", "50.0"]);
  });
});
