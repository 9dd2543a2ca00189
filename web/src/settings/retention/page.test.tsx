import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import { KINDS } from "./calls";
import RetentionPage from "./page";

const NOTHING = {
  days: null,
  own_days: null,
  default_days: null,
  amount: 0,
  oldest: null,
  held: 0,
  examples: [],
};
const NOW = Object.fromEntries(KINDS.map((kind) => [kind, NOTHING]));
const WOULD = {
  ...NOW,
  conversations: {
    ...NOTHING,
    amount: 2,
    oldest: "2026-01-01T00:00:00.000Z",
    examples: ["cnv_1", "cnv_2"],
  },
  notes: { ...NOTHING, amount: 1, oldest: "2026-01-01T00:00:00.000Z", examples: ["cnt_1"] },
};

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("what would go is told with some examples, which lead to what they name where the page has it", async () => {
  vi.stubGlobal("fetch", (path: string) =>
    Promise.resolve(new Response(JSON.stringify(path.includes("dry_run") ? WOULD : NOW), { status: 200 })),
  );
  render(<RetentionPage />);
  expect(await screen.findAllByText("Nothing is due now.")).toHaveLength(KINDS.length);
  fireEvent.input(screen.getByLabelText("Conversations"), { target: { value: "30" } });
  fireEvent.click(screen.getByText("Show what would go"));
  const first = await screen.findByText("cnv_1");
  expect(first.closest("a")?.getAttribute("href")).toBe("/c/cnv_1");
  expect(screen.getByText("cnt_1").closest("a")).toBeNull();
  expect(screen.getAllByText("Nothing would go.")).toHaveLength(KINDS.length - 2);
});
