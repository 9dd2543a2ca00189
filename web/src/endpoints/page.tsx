/** Settings → Endpoints: the list, a new one, one of them, or one being changed. */

import { useEffect } from "preact/hooks";
import { RefreshCw, Waypoints, WifiOff } from "lucide";
import type { PlaceProps } from "../settings/areas";
import { Screen } from "../settings/screen";
import { may } from "../permissions";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { words } from "../words";
import { Detail } from "./detail";
import { EditEndpoint, NewEndpoint } from "./editing";
import { endpointOf, endpoints, loadEndpoints, unreadable } from "./known";
import { EndpointList } from "./list";
import "../ui/form.css";
import "../settings/dialogs.css";
import "./endpoints.css";

export default function EndpointPages({ place }: PlaceProps) {
  useEffect(() => {
    void loadEndpoints();
  }, []);
  return <Body place={place} key={place} />;
}

function Body({ place }: { readonly place: string }) {
  const [id = "", what = ""] = place.split("/");
  if (endpoints.value === null) return unreadable.value ? <Failed /> : <Loading />;
  if (place === "") return <EndpointList of={endpoints.value} />;
  if (place === "new" && may("endpoints.write")) return <NewEndpoint />;
  const found = endpointOf(id);
  if (found === null) return <Gone />;
  return what === "edit" && may("endpoints.write") ? <EditEndpoint id={id} /> : <Detail of={found} />;
}

function Gone() {
  return (
    <Screen title={words.endpoints.title} back={{ place: "", label: words.endpoints.back }}>
      <Notice icon={Waypoints} title={words.endpoints.gone} alert />
    </Screen>
  );
}

function Loading() {
  return (
    <Delayed>
      <Notice icon={RefreshCw} title={words.endpoints.loading} />
    </Delayed>
  );
}

function Failed() {
  return (
    <Notice icon={WifiOff} title={words.endpoints.error} alert>
      <button type="button" class="button" onClick={() => void loadEndpoints()}>
        <Icon of={RefreshCw} />
        {words.error.retry}
      </button>
    </Notice>
  );
}
