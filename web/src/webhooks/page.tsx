/** Settings → Webhooks: what providers sent, in the raw, and what became of it. */

import { RefreshCw, Webhook as WebhookIcon } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { go, goQuery, query, route, write } from "../route";
import { Badge } from "../settings/badge";
import type { PlaceProps } from "../settings/areas";
import { connections, load as loadConnections, providerTitle } from "../settings/connections";
import { NoRows } from "../settings/norows";
import { Screen } from "../settings/screen";
import { Icon } from "../ui/icon";
import { Link } from "../ui/link";
import { fileSize } from "../ui/size";
import { exact, now, relative } from "../ui/time";
import { words } from "../words";
import { Detail } from "./detail";
import { cursor, list, load, lookAgain, more, state } from "./ledger";
import { STATES, type Webhook } from "./types";
import "../ui/form.css";
import "./webhooks.css";

const LOOK_EVERY_MS = 3000;

export default function WebhooksPage({ place }: PlaceProps) {
  useEffect(() => {
    void loadConnections(); // without them there is one choice less, and names are those that programs use
  }, []);
  return place === "" ? <Ledger /> : <Detail key={place} id={place} />;
}

function Ledger() {
  const [follows, setFollows] = useState(false);
  const asked = query.value.toString();
  useEffect(() => {
    void load();
  }, [asked]);
  useEffect(() => {
    if (!follows) return undefined;
    const timer = setInterval(() => void lookAgain(), LOOK_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [follows]);
  const follow = (
    <button
      type="button"
      class={follows ? "button following" : "button"}
      aria-pressed={follows}
      onClick={() => {
        setFollows(!follows);
        void lookAgain();
      }}
    >
      <Icon of={RefreshCw} />
      {follows ? words.webhooks.following : words.webhooks.follow}
    </button>
  );
  return (
    <Screen title={words.webhooks.title} lead={words.webhooks.lead} action={follow} wide>
      <Filters />
      <Body />
    </Screen>
  );
}

function Body() {
  if (state.value === "failed" || list.value.length === 0) {
    return (
      <NoRows
        icon={WebhookIcon}
        state={state.value}
        narrowed={query.value.size > 0}
        said={words.webhooks}
        onAgain={() => void load()}
      />
    );
  }
  return (
    <>
      <ul class="ledger">
        {list.value.map((one) => (
          <li key={one.id}>
            <Entry of={one} />
          </li>
        ))}
      </ul>
      {cursor.value !== null && (
        <button type="button" class="button ledger-more" onClick={() => void more()}>
          {words.webhooks.more}
        </button>
      )}
    </>
  );
}

function Entry({ of }: { readonly of: Webhook }) {
  const to = { ...route.value, place: of.id };
  return (
    <Link
      class="ledger-line"
      href={write(to)}
      onGo={() => {
        go({ place: of.id, query: route.peek().query ?? "" });
      }}
    >
      <time class="numbers soft" dateTime={of.received_at} title={exact(of.received_at)}>
        {relative(of.received_at, now.value)}
      </time>
      <span class="ledger-provider">{providerTitle(of.provider)}</span>
      <span class="ledger-marks">
        <Badge kind={of.state}>{words.webhooks.states[of.state]}</Badge>
        {of.report_only && <Badge kind="waiting">{words.webhooks.unsigned}</Badge>}
      </span>
      <span class="ledger-why soft">{of.error?.detail ?? of.error?.code ?? countsInWords(of)}</span>
      <span class="numbers soft ledger-size">{fileSize(of.body_size)}</span>
    </Link>
  );
}

/** "2 stored, 1 duplicate": whatever is not zero. */
export function countsInWords({ counts }: Webhook): string {
  const kinds = ["stored", "duplicate", "ignored", "quarantined"] as const;
  const parts = kinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => words.webhooks.counts[kind](counts[kind]));
  return parts.length === 0 ? words.webhooks.nothing : parts.join(", ");
}

function Filters() {
  const made = connections.value;
  const providers = [...new Set(made.map((one) => one.provider))].map((one) => ({
    value: one,
    name: providerTitle(one),
  }));
  return (
    <div class="ledger-filters">
      <Choice name="state" title={words.webhooks.state}>
        {STATES.map((one) => ({ value: one, name: words.webhooks.states[one] }))}
      </Choice>
      <Choice name="provider" title={words.webhooks.provider}>
        {providers.sort((a, b) => a.name.localeCompare(b.name))}
      </Choice>
      <Choice name="connection" title={words.webhooks.connection}>
        {made.map((one) => ({ value: one.id, name: one.name }))}
      </Choice>
    </div>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly title: string;
  readonly children: readonly { readonly value: string; readonly name: string }[];
}

function Choice({ name, title, children }: ChoiceProps) {
  return (
    <label class="field">
      <span>{title}</span>
      <select
        value={query.value.get(name) ?? ""}
        onChange={(event) => {
          goQuery({ [name]: event.currentTarget.value || null });
        }}
      >
        <option value="">{words.filter.any}</option>
        {children.map((one) => (
          <option key={one.value} value={one.value}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
}
