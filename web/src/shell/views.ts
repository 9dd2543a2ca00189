/** Name and icon of each view. */

import { Archive, CircleDot, Hourglass, Layers, AlarmClock, type IconNode } from "lucide";
import type { View } from "../route";
import { words } from "../words";

export const VIEW_ICONS: Readonly<Record<View, IconNode>> = {
  open: CircleDot,
  pending: Hourglass,
  snoozed: AlarmClock,
  resolved: Archive,
  all: Layers,
};

export function viewName(view: View): string {
  return view === "all" ? words.views.all : words.statuses[view];
}
