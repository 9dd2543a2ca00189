/** All endpoints: where each is, how it is doing, what waits for it. */

import { Plus, Waypoints } from "lucide";
import { useState } from "preact/hooks";
import type { Endpoint } from "../model/endpoint";
import { may } from "../permissions";
import { go, route, write } from "../route";
import { Badge } from "../settings/badge";
import { Screen } from "../settings/screen";
import { Icon } from "../ui/icon";
import { Link } from "../ui/link";
import { Notice } from "../ui/notice";
import { usePoll } from "../ui/poll";
import { words } from "../words";
import { ApiError } from "../api";
import { readHealth, type Health } from "./calls";
import { DayShare } from "./share";
import { endpointName, withoutScheme } from "./known";
import { StateBadge, troubleOf } from "./state";

const LOOK_EVERY_MS = 15_000;
/** What waits is counted up to this. */
const COUNTED = 10_000;

export function EndpointList({ of }: { readonly of: readonly Endpoint[] }) {
  const add = may("endpoints.write") && (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        go({ place: "new" });
      }}
    >
      <Icon of={Plus} />
      {words.endpoints.add}
    </button>
  );
  return (
    <Screen title={words.endpoints.title} lead={words.endpoints.lead} action={add}>
      {!may("endpoints.write") && <p class="settings-note">{words.endpoints.readOnly}</p>}
      {of.length === 0 ? (
        <Notice icon={Waypoints} title={words.endpoints.empty}>
          <p>{words.endpoints.emptyWhy}</p>
        </Notice>
      ) : (
        <ul class="cards">
          {of.map((one) => (
            <li key={one.id}>
              <Card of={one} />
            </li>
          ))}
        </ul>
      )}
    </Screen>
  );
}

function Card({ of }: { readonly of: Endpoint }) {
  const health = useHealth(of.id);
  const to = { ...route.value, place: of.id };
  const trouble = troubleOf(of, health);
  return (
    <Link
      class="card"
      href={write(to)}
      onGo={() => {
        go({ place: of.id });
      }}
    >
      <span class="card-name">
        <strong>{endpointName(of)}</strong>
      </span>
      <span class="card-address">{of.description === "" ? typesOf(of) : withoutScheme(of.url)}</span>
      <span class="card-marks">
        {health !== null && health.pending > 0 && <Badge kind="waiting">{waiting(health.pending)}</Badge>}
        <StateBadge of={of} health={health} />
      </span>
      <span class="card-last soft numbers">{health !== null && <DayShare of={health.minutes} />}</span>
      {trouble !== null && <span class={trouble.bad ? "card-alarm bad" : "card-alarm"}>{trouble.title}</span>}
    </Link>
  );
}

function waiting(count: number): string {
  return count < COUNTED ? words.endpoints.waitingCount(count) : words.endpoints.waitingMany(count);
}

function typesOf({ event_types }: Endpoint): string {
  return event_types.includes("*") ? words.endpoints.everyEvent : event_types.join(", ");
}

/** How it is doing; null until that is known. */
function useHealth(id: string): Health | null {
  const [health, setHealth] = useState<Health | null>(null);
  usePoll(async () => {
    try {
      setHealth(await readHealth(id, 24));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // what is shown stays; the next look may succeed
    }
  }, LOOK_EVERY_MS);
  return health;
}
