import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Endpoint } from "../model/endpoint";
import { madeEndpoint } from "../../tests/endpoints";
import { bodyOf, changesOf, draftOf, NEW, readLines, type Draft } from "./draft";
import { choose, covers, grouped } from "./patterns";
import { inWords, readSchedule, writeSchedule } from "./schedule";

const edited = (of: Partial<Endpoint>, change: Partial<Draft>) => {
  const endpoint = madeEndpoint(of);
  return changesOf(endpoint, { ...draftOf(endpoint), ...change });
};

describe("a draft", () => {
  test("of a new endpoint holds what the gateway would assume anyway", () => {
    expect(bodyOf({ ...NEW, url: " https://shop.example.org/hooks " })).toEqual({
      url: "https://shop.example.org/hooks",
      description: "",
      event_types: ["*"],
      channel_ids: null,
      label_ids: null,
      auth: { type: "none" },
      headers: {},
      schemes: [],
      timeout_ms: 15_000,
      retry_seconds: [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
      max_in_flight: 16,
      per_second: null,
      ordering: "none",
      mask_pii: "none",
    });
  });

  test("of what is there changes nothing until something is typed", () => {
    expect(edited({ event_types: ["message.*"], auth: { type: "headers", headers: ["X-Key"] } }, {})).toEqual(
      {},
    );
  });

  test.each<[string, Partial<Endpoint>, Partial<Draft>, Record<string, unknown>]>([
    ["one value", {}, { timeout: "7.5", perSecond: "2" }, { timeout_ms: 7500, per_second: 2 }],
    [
      "the filter",
      { channel_ids: ["ch_1"] },
      { everything: false, eventTypes: ["message.*"], channelIds: [] },
      { event_types: ["message.*"], channel_ids: null },
    ],
    [
      "a login, whose secrets stay when they are left empty",
      { auth: { type: "basic", username: "a" } },
      { username: "b" },
      { auth: { type: "basic", username: "b" } },
    ],
    [
      "secret headers, of which one keeps its value",
      { auth: { type: "headers", headers: ["X-Key"] } },
      { authHeaders: "X-Key:\nX-Other: new" },
      { auth: { type: "headers", headers: { "X-Key": null, "X-Other": "new" } } },
    ],
    [
      "the address, which takes the login along",
      { auth: { type: "bearer" } },
      { url: "https://other.example.org/", token: "t" },
      { auth: { type: "bearer", token: "t" }, url: "https://other.example.org/" },
    ],
    ["what is no number, for the gateway to refuse", {}, { inFlight: "many" }, { max_in_flight: "many" }],
  ])("changes %s and nothing else", (_name, of, change, expected) => {
    expect(edited(of, change)).toEqual(expected);
  });

  test("knows headers from other lines", () => {
    expect(readLines("X-Team: shop: north\n\n X-Empty:")).toEqual({ "X-Team": "shop: north", "X-Empty": "" });
    expect(readLines("no header")).toBeNull();
  });
});

describe("a schedule", () => {
  test("is the same after writing and reading it", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 3 * 86_400 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(lengths, (seconds) => {
        expect(readSchedule(writeSchedule(seconds))).toEqual(seconds);
      }),
    );
  });

  test("is told in words", () => {
    const plain = (text: string) => text.replaceAll("\u00a0", " ");
    expect(writeSchedule([0, 5, 300, 7200, 86_400])).toBe("0s, 5s, 5m, 2h, 1d");
    expect(plain(inWords([0, 5, 300]))).toBe("At once, then after 5 s, 5 min: 3 attempts in 5 min");
    expect(plain(inWords([60]))).toBe("After 1 min: 1 attempt in 1 min");
    expect(readSchedule("1 5x")).toBeNull();
  });
});

describe("event types", () => {
  test.each([
    ["*", "message.created", true],
    ["message.*", "message.created", true],
    ["*.updated", "customer_note.updated", true],
    ["message.*", "conversation.created", false],
    ["message.created", "messageXcreated", false],
  ])("%s covers %s: %s", (pattern, type, expected) => {
    expect(covers(pattern, type)).toBe(expected);
  });

  test("a group takes the place of its single types, and leaves the others", () => {
    const chosen = ["message.created", "label.updated"];
    expect(choose(chosen, "message.*", true)).toEqual(["label.updated", "message.*"]);
    expect(choose(chosen, "message.created", false)).toEqual(["label.updated"]);
    const types = ["message.updated", "label.updated", "message.created"].map((type) => ({ type }));
    expect(grouped(types).map(([group, of]) => [group, of.length])).toEqual([
      ["label", 1],
      ["message", 2],
    ]);
  });
});
