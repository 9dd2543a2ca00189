import { describe, expect, it } from "vitest";
import { isRecord, parametersOf } from "./ledger";

const ID = "0".repeat(32);

function asked(query: string): Record<string, string> {
  return Object.fromEntries(parametersOf(new URLSearchParams(query)));
}

describe("what the gateway is asked", () => {
  it("takes a customer with all that shows them, and other records as they are", () => {
    expect(asked(`record=cus_${ID}`)).toEqual({ customer: `cus_${ID}` });
    expect(asked(`record=cnv_${ID}`)).toEqual({ record: `cnv_${ID}` });
    expect(asked("record=nothing")).toEqual({});
    expect(isRecord(`msg_${ID}`)).toBe(true);
  });

  it("asks for whole days, the last one included", () => {
    const found = asked("since=2026-11-02&until=2026-11-02&table=messages");
    expect(found["table"]).toBe("messages");
    expect(new Date(found["since"] ?? "")).toEqual(new Date(2026, 10, 2));
    expect(new Date(found["until"] ?? "")).toEqual(new Date(2026, 10, 3));
    expect(asked("since=soon")).toEqual({});
  });
});
