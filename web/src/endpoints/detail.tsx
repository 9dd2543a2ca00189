/** One endpoint: what is the matter, how it is doing, how it is set up, and all that can be done with it. */

import { ListOrdered, Pencil } from "lucide";
import { useState } from "preact/hooks";
import { ApiError } from "../api";
import type { Endpoint } from "../model/endpoint";
import { may } from "../permissions";
import { go, query } from "../route";
import { Screen } from "../settings/screen";
import { Icon } from "../ui/icon";
import { usePoll } from "../ui/poll";
import { words } from "../words";
import { DeleteEndpoint, Ping, Switch } from "./actions";
import { readHealth, type Health } from "./calls";
import { HealthSection, SPANS } from "./health";
import { endpointName } from "./known";
import { Recoveries } from "./recoveries";
import { Secrets } from "./secrets";
import { SetUp } from "./setup";
import { StateBadge, stateOf, troubleOf, Warning } from "./state";
import { WhyNot } from "./why";

const LOOK_EVERY_MS = 5000;

export function Detail({ of }: { readonly of: Endpoint }) {
  const hours = SPANS.find((one) => String(one) === query.value.get("hours")) ?? 24;
  const [health, setHealth] = useState<Health | null>(null);
  const [unknown, setUnknown] = useState(false);
  usePoll(
    async () => {
      try {
        setHealth(await readHealth(of.id, hours));
        setUnknown(false);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        setUnknown(true);
      }
    },
    LOOK_EVERY_MS,
    true,
    `${hours} ${of.updated_at}`,
  );
  const writes = may("endpoints.write");
  return (
    <Screen
      title={endpointName(of)}
      lead={of.url}
      back={{ place: "", label: words.endpoints.back }}
      action={<StateBadge of={of} health={health} />}
      wide
    >
      <Warning of={troubleOf(of, health)}>{writes && of.status === "disabled" && <Switch of={of} />}</Warning>
      <div class="endpoint-actions">
        {writes && <Ping of={of} />}
        {writes && (
          <button
            type="button"
            class="button"
            onClick={() => {
              go({ place: `${of.id}/edit` });
            }}
          >
            <Icon of={Pencil} />
            {words.endpoints.edit}
          </button>
        )}
        <button
          type="button"
          class="button"
          onClick={() => {
            go({ area: "deliveries", place: "", query: `endpoint=${of.id}` });
          }}
        >
          <Icon of={ListOrdered} />
          {words.endpoints.deliveries}
        </button>
        {writes && of.status === "enabled" && <Switch of={of} />}
      </div>
      <div class="endpoint">
        <div class="endpoint-side">
          <HealthSection of={health} unknown={unknown} hours={hours} state={stateOf(of, health)} />
          <Recoveries of={of} />
          <WhyNot of={of} />
        </div>
        <div class="endpoint-side">
          <SetUp of={of} />
          <Secrets of={of} />
          {writes && <DeleteEndpoint of={of} />}
        </div>
      </div>
    </Screen>
  );
}
