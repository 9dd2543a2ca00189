/** Settings → Connections: the list, a new one, or one of them. */

import { ArrowLeft, Plug, Plus, RefreshCw, WifiOff } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { go, route } from "../route";
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
import type { ConnectionView } from "./types";
import "./settings.css";

export function SettingsPage() {
  const place = route.value.place ?? "";
  useEffect(() => {
    void load();
  }, []);
  return (
    <main class="settings" id="thread" tabIndex={-1}>
      <Body place={place} key={place} />
    </main>
  );
}

function Body({ place }: { readonly place: string }) {
  if (state.value === "failed") return <Failed />;
  if (state.value !== "ready") return <Loading />;
  if (place === "") return <Connections />;
  if (place === "new") return <Choose />;
  const provider = providers.value.find((one) => `new/${one.name}` === place);
  if (provider !== undefined && mayManage.value) {
    return (
      <Screen title={provider.title} lead={provider.summary} back="new">
        <Create provider={provider} />
      </Screen>
    );
  }
  const connection = connections.value.find((one) => one.id === place);
  return connection === undefined ? (
    <Screen title={words.settings.connections} back="">
      <Notice icon={Plug} title={words.settings.gone} alert />
    </Screen>
  ) : (
    <Screen title={connection.name} lead={leadOf(connection)} back="">
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
    <Screen title={words.settings.connections} lead={words.settings.lead} back={null} action={add}>
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
    <Screen title={words.settings.choose} lead={words.settings.chooseLead} back="">
      <ProviderList />
    </Screen>
  );
}

interface ScreenProps {
  readonly title: string;
  readonly lead?: string;
  /** Where the way back leads; null: to the inbox. */
  readonly back: string | null;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

function Screen({ title, lead, back, action, children }: ScreenProps) {
  const label = back === null ? words.settings.backToInbox : words.settings.back;
  return (
    <div class="settings-column">
      <header class="settings-head">
        <button
          type="button"
          class={back === null ? "button quiet square only-phone" : "button quiet square"}
          aria-label={label}
          onClick={() => {
            if (back === null) go({ page: "inbox", conversation: null });
            else goTo(back);
          }}
        >
          <Icon of={ArrowLeft} />
        </button>
        <div class="settings-title">
          <h1>{title}</h1>
          {lead !== undefined && <p>{lead}</p>}
        </div>
        {action}
      </header>
      {children}
    </div>
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
