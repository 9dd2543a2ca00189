/** How an endpoint is, in a word and in sentences on what to do. */

import { Power, TriangleAlert, type IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import type { Endpoint } from "../model/endpoint";
import { Badge } from "../settings/badge";
import { Icon } from "../ui/icon";
import { dateAndTime, exact } from "../ui/time";
import { words } from "../words";
import type { Health } from "./calls";

export type State = Health["state"] | "enabled";

const KINDS: Readonly<Record<State, string>> = {
  enabled: "active",
  healthy: "active",
  failing: "error",
  backing_off: "waiting",
  disabled: "off",
};

/** The endpoint itself is told by the log at once; its health is asked for now and then. */
export function stateOf(of: Endpoint, health: Health | null): State {
  if (of.status === "disabled") return "disabled";
  if (health !== null && health.state !== "disabled") return health.state;
  return of.failing_since === null ? "enabled" : "failing";
}

export function StateBadge({ of, health }: { readonly of: Endpoint; readonly health: Health | null }) {
  const state = stateOf(of, health);
  return <Badge kind={KINDS[state]}>{words.endpoints.states[state]}</Badge>;
}

/** What is the matter with an endpoint. */
export interface Trouble {
  readonly icon: IconNode;
  readonly bad: boolean;
  readonly title: string;
  readonly why: string;
}

/** Why somebody should look at it; null while all is well. */
export function troubleOf(of: Endpoint, health: Health | null): Trouble | null {
  if (of.status === "disabled" && of.disabled_reason !== null) return disabledBy(of, of.disabled_reason);
  if (of.failing_since !== null) return failingSince(of.failing_since, health?.disables_at ?? null);
  if (health?.state !== "backing_off" || health.backoff_until === null) return null;
  return {
    icon: TriangleAlert,
    bad: false,
    title: words.endpoints.backingOffTitle(exact(health.backoff_until)),
    why: words.endpoints.backingOffWhy,
  };
}

function disabledBy(of: Endpoint, reason: NonNullable<Endpoint["disabled_reason"]>): Trouble {
  const age =
    of.disabled_at === null ? "" : ` ${words.endpoints.disabledSince(dateAndTime(of.disabled_at))}.`;
  return {
    icon: Power,
    bad: reason !== "member",
    title: words.endpoints.disabledTitle[reason],
    why: words.endpoints.disabledWhy[reason] + age,
  };
}

function failingSince(since: string, disables: string | null): Trouble {
  const until = disables === null ? "" : ` ${words.endpoints.failingUntil(dateAndTime(disables))}`;
  return {
    icon: TriangleAlert,
    bad: true,
    title: words.endpoints.failingTitle(dateAndTime(since)),
    why: words.endpoints.failingWhy + until,
  };
}

interface WarningProps {
  readonly of: Trouble | null;
  /** What can be done about it, for those who may. */
  readonly children: ComponentChildren;
}

/** Says what is the matter, and what to do; nothing while all is well. */
export function Warning({ of, children }: WarningProps) {
  if (of === null) return null;
  return (
    <div class={of.bad ? "alarm bad" : "alarm"} role="status">
      <Icon of={of.icon} />
      <div>
        <strong>{of.title}</strong>
        <p>{of.why}</p>
      </div>
      {children}
    </div>
  );
}
