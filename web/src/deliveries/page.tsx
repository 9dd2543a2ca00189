/** Settings → Deliveries: what goes to endpoints, as it happens. */

import { Pause, Play, Send } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { endpoints, loadEndpoints } from "../endpoints/known";
import { query } from "../route";
import type { PlaceProps } from "../settings/areas";
import { NoRows } from "../settings/norows";
import { Screen } from "../settings/screen";
import { Icon } from "../ui/icon";
import { usePoll } from "../ui/poll";
import { words } from "../words";
import { Detail } from "./detail";
import { Filters } from "./filters";
import { list, load, lookAgain, narrowed, state } from "./ledger";
import { Rows, reading } from "./rows";
import "../ui/form.css";
import "../webhooks/webhooks.css";
import "../endpoints/endpoints.css";
import "./deliveries.css";

const LOOK_EVERY_MS = 2000;

export default function DeliveriesPage({ place }: PlaceProps) {
  useEffect(() => {
    // For their names, and to choose from.
    if (endpoints.peek() === null) void loadEndpoints();
  }, []);
  return place === "" ? <Ledger /> : <Detail key={place} id={place} />;
}

function Ledger() {
  const [live, setLive] = useState(true);
  const asked = query.value.toString();
  useEffect(() => {
    void load();
  }, [asked]);
  usePoll(() => lookAgain(reading()), LOOK_EVERY_MS, live);
  const pause = (
    <button
      type="button"
      class={live ? "button following" : "button"}
      onClick={() => {
        setLive(!live);
      }}
    >
      <Icon of={live ? Pause : Play} />
      {live ? words.deliveries.pause : words.deliveries.paused}
    </button>
  );
  return (
    <Screen title={words.deliveries.title} lead={words.deliveries.lead} action={pause} wide>
      <Filters />
      <Body />
    </Screen>
  );
}

function Body() {
  if (state.value !== "failed" && list.value.length > 0) return <Rows />;
  return (
    <NoRows
      icon={Send}
      state={state.value}
      narrowed={narrowed.value}
      said={words.deliveries}
      onAgain={() => void load()}
    />
  );
}
