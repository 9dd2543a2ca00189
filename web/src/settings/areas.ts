/**
 * The parts of the settings, in the order of their menu; the first one is open when none is named.
 *
 * A feature adds a line: the page itself is a component with a default export in a file of its own, which is
 * fetched when somebody goes there. `place` is what follows the area in the address: `/settings/people/usr_1`.
 * Pages are made of `Screen`; their texts are `words.AREA` (see `words/en.ts`).
 */

import {
  CircleUser,
  Hourglass,
  KeyRound,
  MessageSquareQuote,
  ListChecks,
  Plug,
  ScanSearch,
  ScrollText,
  Send,
  ShieldCheck,
  Tag,
  Users,
  UsersRound,
  Webhook,
  Waypoints,
  type IconNode,
} from "lucide";
import type { ComponentType } from "preact";
import { may } from "../permissions";
import { words } from "../words";

export interface PlaceProps {
  readonly place: string;
}

export interface Area {
  readonly id: string;
  readonly group: "you" | "workspace" | "developers";
  readonly title: () => string;
  readonly icon: IconNode;
  /** Whether this person has any business there. */
  readonly when?: () => boolean;
  readonly load: () => Promise<{ readonly default: ComponentType<PlaceProps> }>;
}

export const AREA_GROUPS: readonly Area["group"][] = ["you", "workspace", "developers"];

export const AREAS: readonly Area[] = [
  {
    id: "connections",
    group: "workspace",
    title: () => words.settings.connections,
    icon: Plug,
    load: () => import("./connectionpages"),
  },
  {
    id: "profile",
    group: "you",
    title: () => words.profile.title,
    icon: CircleUser,
    when: () => may("account.write"),
    load: () => import("./profile/page"),
  },
  {
    id: "people",
    group: "workspace",
    title: () => words.people.title,
    icon: Users,
    load: () => import("./people/page"),
  },
  {
    id: "teams",
    group: "workspace",
    title: () => words.workspace.teams.title,
    icon: UsersRound,
    load: () => import("./teams/page"),
  },
  {
    id: "labels",
    group: "workspace",
    title: () => words.workspace.labels.title,
    icon: Tag,
    load: () => import("./labels/page"),
  },
  {
    id: "canned",
    group: "workspace",
    title: () => words.workspace.canned.title,
    icon: MessageSquareQuote,
    load: () => import("./canned/page"),
  },
  {
    id: "fields",
    group: "workspace",
    title: () => words.customers.fieldsTitle,
    icon: ListChecks,
    load: () => import("./fields/page"),
  },
  {
    id: "privacy",
    group: "workspace",
    title: () => words.privacy.title,
    icon: ShieldCheck,
    when: () => may("customers.privacy"),
    load: () => import("./privacy/page"),
  },
  {
    id: "retention",
    group: "workspace",
    title: () => words.retention.title,
    icon: Hourglass,
    when: () => may("tenant.write"),
    load: () => import("./retention/page"),
  },
  {
    id: "pii",
    group: "workspace",
    title: () => words.pii.title,
    icon: ScanSearch,
    load: () => import("./pii/page"),
  },
  {
    id: "audit",
    group: "workspace",
    title: () => words.audit.title,
    icon: ScrollText,
    when: () => may("audit.read"),
    load: () => import("./audit/page"),
  },
  {
    id: "keys",
    group: "developers",
    title: () => words.keys.title,
    icon: KeyRound,
    when: () => may("api_keys.write"),
    load: () => import("./keys/page"),
  },
  {
    id: "endpoints",
    group: "developers",
    title: () => words.endpoints.title,
    icon: Waypoints,
    when: () => may("webhooks.read"),
    load: () => import("../endpoints/page"),
  },
  {
    id: "deliveries",
    group: "developers",
    title: () => words.deliveries.title,
    icon: Send,
    when: () => may("webhooks.read"),
    load: () => import("../deliveries/page"),
  },
  {
    id: "webhooks",
    group: "developers",
    title: () => words.webhooks.title,
    icon: Webhook,
    when: () => may("webhooks.read"),
    load: () => import("../webhooks/page"),
  },
];

/** Those that this person sees. */
export function shownAreas(): readonly Area[] {
  return AREAS.filter((one) => one.when?.() ?? true);
}
