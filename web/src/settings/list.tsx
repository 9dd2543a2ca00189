/** All connections: what each is to, its addresses, whether it works; those with an alarm come first. */

import { formatAddress } from "../list/names";
import { go, write, type Route } from "../route";
import { ago, now } from "../ui/time";
import { words } from "../words";
import { AlarmBadges } from "./alarms";
import { connections, providerTitle } from "./connections";
import { Badge } from "./badge";
import type { ConnectionView } from "./types";

export function ConnectionList() {
  const all = connections.value;
  const troubled = all.filter((one) => one.alarms.length > 0);
  const well = all.filter((one) => one.alarms.length === 0);
  return (
    <ul class="cards">
      {[...troubled, ...well].map((one) => (
        <li key={one.id}>
          <Card of={one} />
        </li>
      ))}
    </ul>
  );
}

function Card({ of }: { readonly of: ConnectionView }) {
  const to: Route = { page: "settings", conversation: null, view: "open", area: "connections", place: of.id };
  const title = providerTitle(of.provider);
  const addresses = [...new Set(of.channels.map((one) => formatAddress(one.address)))];
  return (
    <a
      class="card"
      href={write(to)}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      <span class="card-name">
        <strong>{of.name}</strong>
        {of.name !== title && <span class="soft">{title}</span>}
      </span>
      <span class="card-address">{addresses.join(", ") || words.settings.noChannel}</span>
      <span class="card-marks">
        <AlarmBadges of={of} />
        {of.report_only && <Badge kind="waiting">{words.settings.reportOnly}</Badge>}
        <Badge kind={of.status}>{words.settings.status[of.status] ?? of.status}</Badge>
      </span>
      <span class="card-last soft numbers">
        {of.last_webhook_at === null
          ? words.settings.noWebhook
          : words.settings.lastWebhook(ago(of.last_webhook_at, now.value))}
      </span>
    </a>
  );
}
