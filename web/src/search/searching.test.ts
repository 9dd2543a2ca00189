import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Found } from "./find";
import { joined, parameters } from "./find";
import { recent, remember } from "./recent";
import {
  chooseWhere,
  chosenId,
  failure,
  found,
  move,
  narrow,
  searchNow,
  searchOn,
  targets,
  text,
  type,
  where,
  widen,
} from "./searching";

interface Call {
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
  readonly answer: (found: Partial<Found>) => void;
  readonly refuse: (code: string) => void;
}

let calls: Call[];

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  vi.stubGlobal(
    "fetch",
    (address: string, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve, reject) => {
        const query = new URL(address, "http://gateway.test").searchParams;
        const empty = { messages: null, customers: null, conversations: null };
        signal.addEventListener("abort", () => {
          reject(new DOMException("", "AbortError"));
        });
        calls.push({
          query,
          signal,
          answer: (some) => {
            resolve(Response.json({ ...empty, ...some }));
          },
          refuse: (code) => {
            resolve(Response.json({ code, title: code }, { status: 422 }));
          },
        });
      }),
  );
});

afterEach(async () => {
  type("");
  await vi.runAllTimersAsync();
  widen();
  chooseWhere("all");
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("typing", () => {
  test("asks once, after a pause, for all that was typed", async () => {
    type("t");
    type("te");
    type("tea");
    expect(calls).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(calls.map(({ query }) => query.get("q"))).toEqual(["tea"]);
    expect(calls[0]?.query.get("in")).toBe("all");
  });

  test("calls off what is not wanted any more, even when its answer comes late", async () => {
    type("tea");
    await vi.advanceTimersByTimeAsync(200);
    type("teapot");
    await vi.advanceTimersByTimeAsync(200);
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[1]?.answer(customers("cus_2"));
    await vi.runAllTimersAsync();
    expect(targets.value.map(({ id }) => id)).toEqual(["cus_2"]);
    expect(failure.value).toBeNull();
  });

  test("nothing finds nothing, without asking", async () => {
    type("tea");
    await vi.advanceTimersByTimeAsync(200);
    calls[0]?.answer(customers("cus_1"));
    await vi.runAllTimersAsync();
    type("  ");
    await vi.advanceTimersByTimeAsync(200);
    expect(found.value).toBeNull();
    expect(calls).toHaveLength(1);
  });
});

describe("what was found", () => {
  test("is walked through from the first row to the last, and no further", async () => {
    text.value = "x";
    void searchNow();
    calls[0]?.answer(customers("cus_1", "cus_2"));
    await vi.runAllTimersAsync();
    const seen = [chosenId.value];
    for (const step of [1, 1, -1, -1] as const) {
      move(step);
      seen.push(chosenId.value);
    }
    expect(seen).toEqual(["cus_1", "cus_2", "cus_2", "cus_1", "cus_1"]);
  });

  test("goes on in one kind alone, then page by page", async () => {
    text.value = "x";
    void searchNow();
    calls[0]?.answer(customers("cus_1"));
    await vi.runAllTimersAsync();
    void searchOn("customers");
    expect(where.value).toBe("customers");
    calls[1]?.answer({ customers: { data: [customer("cus_1")], next_cursor: "c" } });
    await vi.runAllTimersAsync();
    void searchOn("customers");
    expect(calls[2]?.query.get("cursor")).toBe("c");
    calls[2]?.answer(customers("cus_9"));
    await vi.runAllTimersAsync();
    expect(targets.value.map(({ id }) => id)).toEqual(["cus_1", "cus_9"]);
  });

  test("says why it is nothing", async () => {
    text.value = "x";
    void searchNow();
    calls[0]?.refuse("search_too_slow");
    await vi.runAllTimersAsync();
    expect(failure.value).toBe("search_too_slow");
  });
});

test("filters are parameters, days counted back from the beginning of today", () => {
  vi.setSystemTime(new Date("2026-11-21T15:00:00Z"));
  narrow({ channel: "ch_1", days: 7 });
  narrow({ label: "lbl_1" });
  narrow({ label: undefined });
  const query = parameters({ text: "a b", where: "messages", narrowed: { channel: "ch_1", days: 7 } }, null);
  expect(Object.fromEntries(query)).toEqual({
    q: "a b",
    in: "messages",
    limit: "20",
    channel: "ch_1",
    after: "2026-11-14T00:00:00.000Z",
  });
});

test("pages are put behind each other", () => {
  const one = { ...customers("cus_1"), messages: null, conversations: null } as Found;
  const two = { ...customers("cus_2"), messages: null, conversations: null } as Found;
  expect(joined(one, two).customers?.data.map(({ customer }) => customer.id)).toEqual(["cus_1", "cus_2"]);
});

test("a search that led somewhere is remembered once, the latest first", () => {
  for (const one of ["a", "b", "a ", " ", "c", "d", "e", "f", "g"]) remember(one);
  expect(recent.value).toEqual(["g", "f", "e", "d", "c", "a"]);
  expect(JSON.parse(localStorage.getItem("postgate.searches") ?? "")).toEqual(recent.value);
});

function customers(...ids: readonly string[]): Partial<Found> {
  return { customers: { data: ids.map(customer), next_cursor: null } };
}

function customer(id: string): NonNullable<Found["customers"]>["data"][number] {
  return {
    customer: { id, name: "Jane", business_name: null, identities: [] },
    conversation_id: "cnv_1",
    place: "name",
    excerpt: [],
  };
}
