/** Which page to show: the login, the inbox, or why neither can be shown. */

import { RefreshCw, WifiOff } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { CustomerPanel } from "../customer/panel";
import { Sheet } from "../keys/sheet";
import { ListPane } from "../list/pane";
import { Login } from "../login/login";
import { PalettePlace } from "../palette/open";
import { openId, route } from "../route";
import { Search } from "../search/search";
import { connection, me } from "../store";
import { ThreadPane } from "../thread/pane";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Lazy } from "../ui/lazy";
import { Notice } from "../ui/notice";
import { words } from "../words";
import { NotificationsRefused } from "./account";
import { announcement } from "./announce";
import { AvailabilityFailed } from "./availability";
import { Banner } from "./banner";
import { boot, unreachable } from "./boot";
import { FirstSteps } from "./checklist";
import { detailsOpen } from "./details";
import { LogoutFailed } from "./logout";
import { Rail } from "./rail";
import "./shell.css";

const loadSettings = () => import("../settings/page");
const loadCustomers = () => import("../customers/page");
const loadJoin = () => import("../login/join");
const loadReset = () => import("../login/reset");

export function App() {
  if (unreachable.value) return <Unreachable />;
  if (route.value.page === "login") return <Login />;
  if (route.value.page === "join") return <Lazy key="join" load={loadJoin} of={{}} />;
  if (route.value.page === "reset") return <Lazy key="reset" load={loadReset} of={{}} />;
  return me.value === null ? <Opening /> : <Inbox />;
}

function Inbox() {
  const open = openId.value !== null;
  return (
    <div
      class="shell"
      data-open={open}
      data-details={open && detailsOpen.value}
      data-connection={connection.value.state}
    >
      {route.value.page !== "inbox" ? (
        <a class="skip" href="#content">
          {words.skip.settings}
        </a>
      ) : (
        <a class="skip" href="#thread">
          {words.skip.thread}
        </a>
      )}
      <Banner />
      <Rail />
      {route.value.page === "settings" && <Lazy load={loadSettings} of={{}} />}
      {route.value.page === "customers" && <Lazy load={loadCustomers} of={{}} />}
      {route.value.page === "inbox" && (
        <main class="panes">
          <h1 class="unseen">{words.views.inbox}</h1>
          <ListPane />
          <ThreadPane />
        </main>
      )}
      {open && detailsOpen.value && <CustomerPanel />}
      <Search />
      <Sheet />
      <PalettePlace />
      <FirstSteps />
      <LogoutFailed />
      <AvailabilityFailed />
      <NotificationsRefused />
      <p class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </div>
  );
}

function Opening() {
  return (
    <Delayed>
      <main class="opening" aria-busy>
        <Notice icon={RefreshCw} title={words.list.loading} />
      </main>
    </Delayed>
  );
}

function Unreachable() {
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = words.product;
  }, []);
  const again = async () => {
    setBusy(true);
    await boot();
    setBusy(false);
  };
  return (
    <main class="opening">
      <Notice icon={WifiOff} title={words.error.unreachable} alert>
        <button type="button" class="button" disabled={busy} onClick={() => void again()}>
          <Icon of={RefreshCw} />
          {words.error.retry}
        </button>
      </Notice>
    </main>
  );
}
