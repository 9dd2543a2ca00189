import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import type { Me } from "../../model/types";
import { me } from "../../store";
import PersonalData from "./page";

const RULES = {
  rules: [
    { kind: "payment_card", enabled: true, countries: null, known_countries: null },
    { kind: "national_id", enabled: true, countries: ["DE"], known_countries: ["DE", "FR"] },
    { kind: "phone", enabled: true, countries: null, known_countries: null },
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
const RESULTS = [
  RESULT,
  { ...RESULT, id: "pii_2", kind: "custom", detector: "pat_1", sample: "••-••••••" },
  { ...RESULT, id: "pii_3", kind: "custom", detector: "pat_2", sample: "••••" },
  { ...RESULT, id: "pii_4", kind: "phone", detector: "phone", sample: "•••• 0199" },
  { ...RESULT, id: "pii_5", kind: "iban", detector: "DE", sample: "•••• 3000" },
];

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  me.value = null;
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
        ? { data: RESULTS, next_cursor: null }
        : init?.method === "PATCH"
          ? CHANGED
          : RULES;
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
  });
  render(<PersonalData />);
  await screen.findByText("Payment cards", { selector: ".pii-rule .tick span" });
  await screen.findByText("•••• •••• •••• 1111");
  expect(screen.getByText("MN-999999")).toBeTruthy();
  expect(screen.getByLabelText("Numbers without a country code are of")).toBeTruthy();
  fireEvent.input(screen.getByLabelText("A text, which is not kept"), { target: { value: "card 4111" } });
  fireEvent.click(screen.getByText("Look through"));
  await screen.findByText("card ••••");
  await screen.findByText("1 place found");
  await waitFor(() => {
    expect(asked).toContain("POST /api/v1/pii/try");
  });
  fireEvent.input(screen.getByLabelText("Only of these countries"), { target: { value: "de, fr" } });
  fireEvent.click(screen.getByText("Save countries"));
  await waitFor(() => {
    expect(screen.queryByText("Save countries")).toBeNull();
  });
  expect(sent).toContain('{"rules":[{"kind":"national_id","enabled":true,"countries":["DE","FR"]}]}');
});

test("findings tell what they are in words, each once, and by which pattern of the workspace's own", async () => {
  vi.stubGlobal("fetch", (path: string) => {
    const body = path.includes("/results") ? { data: RESULTS, next_cursor: null } : RULES;
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
  });
  render(<PersonalData />);
  const told = async (sample: string) => (await screen.findByText(sample)).parentElement?.textContent;
  expect(await told("•••• •••• •••• 1111")).toBe("Payment cards · Visa •••• •••• •••• 1111");
  expect(await told("••-••••••")).toBe("Own pattern · Member ••-••••••");
  expect(await told("••••")).toBe("Own pattern · removed since ••••");
  expect(await told("•••• 0199")).toBe("Phone numbers •••• 0199");
  expect(await told("•••• 3000")).toBe("Bank accounts · Germany •••• 3000");
});

test("what was written before is looked through again by who may change the rules", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (path: string, init?: RequestInit) => {
    asked.push(`${init?.method ?? "GET"} ${path}`);
    if (path.includes("/scan")) return Promise.resolve(new Response(null, { status: 202 }));
    const body = path.includes("/results") ? { data: [], next_cursor: null } : RULES;
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
  });
  me.value = { permissions: ["tenant.write"] } as unknown as Me;
  render(<PersonalData />);
  fireEvent.click(await screen.findByText("Go through it again"));
  await screen.findByText(/It is being looked through/u);
  expect(asked).toContain("POST /api/v1/pii/scan");
});
