import { fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SavedView } from "../model/shared";
import type { Me } from "../model/types";
import { go } from "../route";
import { me } from "../store";
import ViewDialog from "./viewdialog";

const OWN: SavedView = {
  id: "view_1",
  owner_id: "usr_1",
  name: "Late",
  filters: {},
  updated_at: "2026-01-01T00:00:00.000Z",
  deleted_at: null,
};

const asked: unknown[] = [];

beforeEach(() => {
  asked.length = 0;
  HTMLDialogElement.prototype.showModal = function (): void {
    this.open = true;
  };
  go({ page: "inbox", view: "view_1", query: "" });
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push([init.method, path, JSON.parse(init.body as string)]);
    return Promise.resolve(new Response(JSON.stringify(OWN)));
  });
});

afterEach(() => {
  me.value = null;
  vi.unstubAllGlobals();
});

test.each([
  [OWN, true],
  [{ ...OWN, owner_id: null }, false],
])("a view is shared, or one's own again, by a tick", async (view, shared) => {
  become("conversations.write", "workspace.write");
  await change(view);
  expect(asked).toEqual([["PATCH", "/api/v1/views/view_1", { name: "Late", shared }]]);
});

test("whoever may not share is not asked", async () => {
  become("conversations.write");
  await change(OWN);
  expect(screen.queryByRole("checkbox")).toBeNull();
  expect(asked).toEqual([["PATCH", "/api/v1/views/view_1", { name: "Late" }]]);
});

function become(...permissions: readonly string[]): void {
  me.value = { user: { id: "usr_1", email: "ada@example.org", name: "Ada" }, permissions } as unknown as Me;
}

async function change(of: SavedView): Promise<void> {
  const closed = vi.fn();
  render(<ViewDialog of={of} onClose={closed} />);
  const tick = screen.queryByRole("checkbox", { name: /For everybody/u });
  if (tick !== null) fireEvent.click(tick);
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  await vi.waitFor(() => {
    expect(closed).toHaveBeenCalled();
  });
}
