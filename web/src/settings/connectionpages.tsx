/** Settings → Connections: the list, a new one, or one of them. */

import { Plug, Plus, RefreshCw, WifiOff } from "lucide";
import { useEffect } from "preact/hooks";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { words } from "../words";
import { connections, load, mayManage, providers, state } from "./connections";
import { Create } from "./create";
import { Detail } from "./detail";
import { ConnectionList } from "./list";
import { goTo } from "./places";
import { ProviderList } from "./providers";
import type { PlaceProps } from "./areas";
import { Screen } from "./screen";
import type { ConnectionView } from "./types";

export default function ConnectionPages({ place }: PlaceProps) {
  useEffect(() => {
    void load();
  }, []);
  return <Body place={place} key={place} />;
}

function Body({ place }: { readonly place: string }) {
  if (state.value === "failed") return <Failed />;
  if (state.value !== "ready") return <Loading />;
  if (place === "") return <Connections />;
  if (place === "new") return <Choose />;
  const provider = providers.value.find((one) => `new/${one.name}` === place);
  if (provider !== undefined && mayManage.value) {
    return (
      <Screen
        title={provider.title}
        lead={provider.summary}
        back={{ place: "new", label: words.settings.back }}
      >
        <Create provider={provider} />
      </Screen>
    );
  }
  const connection = connections.value.find((one) => one.id === place);
  return connection === undefined ? (
    <Screen title={words.settings.connections} back={{ place: "", label: words.settings.back }}>
      <Notice icon={Plug} title={words.settings.gone} alert />
    </Screen>
  ) : (
    <Screen
      title={connection.name}
      lead={leadOf(connection)}
      back={{ place: "", label: words.settings.back }}
    >
      <Detail of={connection} />
    </Screen>
  );
}

function Connections() {
  const add = mayManage.value && (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        goTo("new");
      }}
    >
      <Icon of={Plus} />
      {words.settings.connect}
    </button>
  );
  return (
    <Screen title={words.settings.connections} lead={words.settings.lead} action={add}>
      {!mayManage.value && <p class="settings-note">{words.settings.readOnly}</p>}
      {connections.value.length === 0 ? (
        <Notice icon={Plug} title={words.settings.empty}>
          <p>{words.settings.emptyWhy}</p>
        </Notice>
      ) : (
        <ConnectionList />
      )}
    </Screen>
  );
}

function Choose() {
  return (
    <Screen
      title={words.settings.choose}
      lead={words.settings.chooseLead}
      back={{ place: "", label: words.settings.back }}
    >
      <ProviderList />
    </Screen>
  );
}

function Loading() {
  return (
    <Delayed>
      <Notice icon={RefreshCw} title={words.settings.loading} />
    </Delayed>
  );
}

function Failed() {
  return (
    <Notice icon={WifiOff} title={words.settings.error} alert>
      <button type="button" class="button" onClick={() => void load()}>
        <Icon of={RefreshCw} />
        {words.error.retry}
      </button>
    </Notice>
  );
}

function leadOf(connection: ConnectionView): string {
  const provider = providers.value.find((one) => one.name === connection.provider);
  return provider?.summary ?? connection.provider;
}
