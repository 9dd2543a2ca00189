import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import Privacy from "./page";

const FAILED = {
  id: "dsr_1", kind: "export", customer_id: "cus_1", customer_name: "Dana", user_id: null, state: "failed", step: null,
  counts: {}, error_code: "archive_too_large", error: "As the gateway says it.", size: null, expires_at: null,
  created_at: "2026-01-01T00:00:00.000Z", finished_at: "2026-01-01T00:00:01.000Z",
}; // prettier-ignore

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("why a request failed is said in the page's words, and in the gateway's where it has none", async () => {
  const data = [
    FAILED,
    { ...FAILED, id: "dsr_2", error_code: "of_a_newer_version", error: "Something new." },
  ];
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(JSON.stringify({ data, next_cursor: null }), { status: 200 })),
  );
  render(<Privacy />);
  await screen.findByText("There is more than an archive may hold.");
  expect(screen.getByText("Something new.")).toBeTruthy();
  expect(screen.queryByText("As the gateway says it.")).toBeNull();
});

test("what an erasure did is told by the certificate, table by table, once somebody opens it", async () => {
  const done = {
    ...FAILED,
    kind: "erasure",
    state: "done",
    customer_name: null,
    error_code: null,
    error: null,
  };
  const certificate = {
    erased: [
      { table: "messages", rows: 1234, how: "emptied", holds: "messages" },
      { table: "of_a_newer_version", rows: 1, how: "removed", holds: "something new" },
    ],
    kept: [{ what: "this request", rows: null }],
  };
  const asked: string[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    const body = path.endsWith("/certificate") ? certificate : { data: [done], next_cursor: null };
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
  });
  render(<Privacy />);
  const summary = await screen.findByText("What went, and what stays");
  expect(asked.some((path) => path.endsWith("/certificate"))).toBe(false);
  const details = summary.closest("details") as HTMLDetailsElement;
  details.open = true;
  fireEvent(details, new Event("toggle"));
  await screen.findByText("1,234 emptied");
  const rows = screen.getAllByRole("row").map((one) => one.textContent);
  expect(rows).toContain("something new1 removed");
  expect(rows).toContain("This requestnot counted");
});
