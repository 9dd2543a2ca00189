/** How an endpoint is, in a word and in sentences on what to do. */

import { Power, TriangleAlert, type IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import type { Endpoint } from "../model/endpoint";
import { Badge } from "../settings/badge";
import { Icon } from "../ui/icon";
import { ago, dateAndTime, now } from "../ui/time";
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

interface WarningProps {
  readonly of: Endpoint;
  readonly health: Health | null;
  /** What can be done about it, for those who may. */
  readonly action: ComponentChildren;
}

/** Says what is the matter; nothing while all is well. */
export function Warning({ of, health, action }: WarningProps) {
  if (of.status === "disabled" && of.disabled_reason !== null) {
    return (
      <Alarm icon={Power} title={words.endpoints.disabledTitle[of.disabled_reason]} action={action}>
        {words.endpoints.disabledWhy[of.disabled_reason]}
        {of.disabled_at !== null && ` ${words.endpoints.disabledSince(ago(of.disabled_at, now.value))}.`}
      </Alarm>
    );
  }
  if (of.failing_since !== null) {
    return (
      <Alarm icon={TriangleAlert} title={words.endpoints.failingTitle(dateAndTime(of.failing_since))} bad>
        {words.endpoints.failingWhy}
        {health !== null &&
          health.disables_at !== null &&
          ` ${words.endpoints.failingUntil(dateAndTime(health.disables_at))}`}
      </Alarm>
    );
  }
  if (health?.state === "backing_off" && health.backoff_until !== null) {
    return (
      <Alarm icon={TriangleAlert} title={words.endpoints.backingOffTitle(dateAndTime(health.backoff_until))}>
        {words.endpoints.backingOffWhy}
      </Alarm>
    );
  }
  return null;
}

interface AlarmProps {
  readonly icon: IconNode;
  readonly title: string;
  readonly bad?: boolean;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

function Alarm({ icon, title, bad = false, action, children }: AlarmProps) {
  return (
    <div class={bad ? "alarm bad" : "alarm"} role="status">
      <Icon of={icon} />
      <div>
        <strong>{title}</strong>
        <p>{children}</p>
      </div>
      {action}
    </div>
  );
}
