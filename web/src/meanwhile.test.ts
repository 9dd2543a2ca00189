import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "./api";
import { ChangedMeanwhile, changeSeen, collisions } from "./meanwhile";

interface Thing {
  readonly id: string;
  readonly updated_at: string;
  readonly status: string;
  readonly label_ids: readonly string[];
}

let thing: Thing;
let asked: string[];
/** What others do before the gateway looks at the next changes. */
let others: (() => void)[];
let name = 0;

beforeEach(() => {
  thing = { id: `cnv_${(name += 1)}`, updated_at: "1", status: "open", label_ids: [] };
  asked = [];
  others = [];
  vi.stubGlobal("fetch", (_path: string, init: RequestInit = {}) => Promise.resolve(answered(init)));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A gateway with one thing, whose tag is what it looks like. */
function answered(init: RequestInit): Response {
  const tag = () => `"${JSON.stringify(thing)}"`;
  const match = new Headers(init.headers).get("If-Match");
  if (match !== null) {
    others.shift()?.();
    if (match !== tag()) {
      asked.push("412");
      return new Response(JSON.stringify({ code: "changed_meanwhile", title: "Changed" }), { status: 412 });
    }
    put(JSON.parse(init.body as string) as Partial<Thing>);
  }
  asked.push(match === null ? "read" : "changed");
  return new Response(JSON.stringify(thing), { headers: { ETag: tag() } });
}

function put(change: Partial<Thing>): void {
  thing = { ...thing, ...change, updated_at: `${Number(thing.updated_at) + 1}` };
}

const path = () => `/things/${thing.id}`;

describe("a change", () => {
  test("is made to what was seen; its tag is held for the next one", async () => {
    const after = await changeSeen<Thing>(path(), thing, () => ({ status: "resolved" }));
    expect(after.status).toBe("resolved");
    await changeSeen<Thing>(path(), after, () => ({ status: "open" }));
    expect(asked).toEqual(["read", "changed", "changed"]);
  });

  test("goes on when somebody else changed something else", async () => {
    others = [
      () => {
        put({ label_ids: ["lbl_1"] });
      },
    ];
    const after = await changeSeen<Thing>(path(), thing, ({ label_ids }) => ({
      status: "resolved",
      label_ids: [...label_ids, "lbl_2"],
    }));
    expect(asked).toEqual(["read", "412", "read", "changed"]);
    expect(after).toMatchObject({ status: "resolved", label_ids: ["lbl_1", "lbl_2"] });
  });

  test("is not made when somebody else changed the same, and tells how that is now", async () => {
    const seen = thing;
    others = [
      () => {
        put({ status: "pending" });
      },
    ];
    const refused: unknown = await changeSeen<Thing>(path(), seen, () => ({ status: "resolved" })).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(ChangedMeanwhile);
    expect(refused).toMatchObject({ names: ["status"], now: { status: "pending" } });
    expect(thing.status).toBe("pending");
    const { now } = refused as ChangedMeanwhile<Thing>;
    expect((await changeSeen<Thing>(path(), now, () => ({ status: "resolved" }))).status).toBe("resolved");
  });

  test("is not made to what was out of date on the screen", async () => {
    const seen = thing;
    put({ status: "pending" });
    await expect(changeSeen<Thing>(path(), seen, () => ({ status: "resolved" }))).rejects.toBeInstanceOf(
      ChangedMeanwhile,
    );
    expect(asked).toEqual(["read"]);
  });

  test("waits for the one before", async () => {
    const first = changeSeen<Thing>(path(), thing, () => ({ status: "resolved" }));
    const second = changeSeen<Thing>(path(), { ...thing, status: "resolved" }, () => ({ status: "open" }));
    expect([(await first).status, (await second).status]).toEqual(["resolved", "open"]);
    expect(thing.status).toBe("open");
  });

  test("gives up where somebody is always faster", async () => {
    const meddle = () => {
      put({ label_ids: [...thing.label_ids, "lbl"] });
    };
    others = Array.from({ length: 9 }, () => meddle);
    await expect(changeSeen<Thing>(path(), thing, () => ({ status: "resolved" }))).rejects.toBeInstanceOf(
      ApiError,
    );
    expect(asked.filter((one) => one === "412")).toHaveLength(4);
  });
});

test.each([
  [{ name: "A" }, { name: "A" }, { name: "B" }, []],
  [{ name: "A" }, { name: "C" }, { name: "B" }, ["name"]],
  [{ name: "A" }, { name: "B" }, { name: "B" }, []],
  [{}, { name: null }, { name: "B" }, []],
  [{ label_ids: ["a"] }, { label_ids: ["b"] }, { label_ids: [] }, []],
  [
    { custom_fields: { level: "gold" } },
    { custom_fields: { level: "silver", since: "2026" } },
    { custom_fields: { level: null } },
    ["custom_fields.level"],
  ],
  [{ custom_fields: {} }, { custom_fields: { since: "2026" } }, { custom_fields: { level: "gold" } }, []],
])("of %j, now %j, to be changed by %j, others changed %j", (seen, now, change, expected) => {
  expect(collisions(seen, now, change)).toEqual(expected);
});
