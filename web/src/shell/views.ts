/** Name and icon of each view. */

import {
  AlarmClock,
  Archive,
  AtSign,
  Bookmark,
  CircleDashed,
  CircleDot,
  Hourglass,
  Layers,
  Tag,
  UserRound,
  Users,
  type IconNode,
} from "lucide";
import type { StandingView, View } from "../route";
import { words } from "../words";
import { label, team, views } from "../workspace";

const STANDING: Readonly<Record<StandingView, IconNode>> = {
  open: CircleDot,
  mine: UserRound,
  unassigned: CircleDashed,
  mentions: AtSign,
  pending: Hourglass,
  snoozed: AlarmClock,
  resolved: Archive,
  all: Layers,
};

export function viewIcon(view: View): IconNode {
  if (view.startsWith("lbl_")) return Tag;
  if (view.startsWith("team_")) return Users;
  return view.startsWith("view_") ? Bookmark : STANDING[view as StandingView];
}

export function viewName(view: View): string {
  if (view.startsWith("lbl_")) return label(view)?.name ?? words.views.gone;
  if (view.startsWith("team_")) return team(view)?.name ?? words.views.gone;
  if (view.startsWith("view_")) return views.value.find((one) => one.id === view)?.name ?? words.views.gone;
  return words.views.names[view as StandingView];
}
