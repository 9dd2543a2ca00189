import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import PersonalData from "./page";

const RULES = {
  rules: [
    { kind: "payment_card", enabled: true, countries: null, known_countries: null },
    { kind: "national_id", enabled: true, countries: ["DE"], known_countries: ["DE", "FR"] },
    { kind: "email", enabled: false, countries: null, known_countries: null },
  ],
  patterns: [{ id: "pat_1", name: "Member", pattern: "MN-999999", enabled: true }],
};
const CHANGED = {
  ...RULES,
  rules: RULES.rules.map((one) => (one.kind === "national_id" ? { ...one, countries: ["DE", "FR"] } : one)),
};
const RESULT = {
  id: "pii_1", kind: "payment_card", detector: "visa", conversation_id: "cnv_1", customer_id: null, field: "text",
  confidence: 0.95, sample: "•••• •••• •••• 1111", state: "open", created_at: "2026-01-01T00:00:00.000Z",
}; // prettier-ignore

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("kinds, patterns and results are shown, a text is tried out, and a result is reviewed", async () => {
  const asked: string[] = [];
  const sent: string[] = [];
  vi.stubGlobal("fetch", (path: string, init?: RequestInit) => {
    asked.push(`${init?.method ?? "GET"} ${path}`);
    if (typeof init?.body === "string") sent.push(init.body);
    const body = path.includes("/try")
      ? { findings: [{ kind: "payment_card" }], masked: "card ••••" }
      : path.includes("/results")
        ? { data: [RESULT], next_cursor: null }
        : init?.method === "PATCH"
          ? CHANGED
          : RULES;
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
  });
  render(<PersonalData />);
  await screen.findByText("Payment cards", { selector: ".pii-rule .tick span" });
  await screen.findByText("•••• •••• •••• 1111");
  expect(screen.getByText("MN-999999")).toBeTruthy();
  fireEvent.input(screen.getByLabelText("A text, which is not kept"), { target: { value: "card 4111" } });
  fireEvent.click(screen.getByText("Look through"));
  await screen.findByText("card ••••");
  await screen.findByText("1 place found");
  await waitFor(() => {
    expect(asked).toContain("POST /api/v1/pii/try");
  });
  fireEvent.input(screen.getByLabelText("Of these countries"), { target: { value: "de, fr" } });
  fireEvent.click(screen.getByText("Save countries"));
  await waitFor(() => {
    expect(screen.queryByText("Save countries")).toBeNull();
  });
  expect(sent).toContain('{"rules":[{"kind":"national_id","enabled":true,"countries":["DE","FR"]}]}');
});
