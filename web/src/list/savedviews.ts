/** Making, changing and removing saved views. */

import { post, send } from "../api";
import type { SavedView } from "../model/shared";
import { go, view, type View } from "../route";
import { allViews, foldOwn } from "../workspace";
import { filters } from "./conversations";
import { keptFilters } from "./filters";

/** Save what is shown now, and go there. */
export async function saveView(name: string, shared: boolean): Promise<void> {
  const made = await post<SavedView>("/views", { name, filters: keptFilters(filters.peek()), shared });
  foldOwn("view.updated", made);
  go({ view: made.id as View });
}

export interface ViewChange {
  readonly name: string;
  /** Whether it is everybody's; left out where that stays. */
  readonly shared?: boolean;
  /** Whether it is to keep the filters of the address. */
  readonly withFilters: boolean;
}

/** Change a view. */
export async function changeView(id: string, { withFilters, ...rest }: ViewChange): Promise<void> {
  const change = { ...rest, ...(withFilters ? { filters: keptFilters(filters.peek()) } : {}) };
  foldOwn("view.updated", await post<SavedView>(`/views/${id}`, change, "PATCH"));
  if (withFilters) go({ query: "" });
}

export async function removeView(id: string): Promise<void> {
  await send(`/views/${id}`, { method: "DELETE" });
  const gone = allViews.peek().find((one) => one.id === id);
  foldOwn("view.updated", { ...gone, deleted_at: new Date().toISOString() });
  if (view.peek() === id) go({ view: "open" }, "replace");
}
