/** The rail of views, with the workspace above and the menu below. */

import { Settings } from "lucide";
import { go, route, VIEWS, view, write, type Route, type View } from "../route";
import { me } from "../store";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { AccountMenu } from "./account";
import { viewIcon, viewName } from "./views";
import "./rail.css";

export function Rail() {
  return (
    <header class="rail">
      <p class="workspace">
        <img src="/assets/favicon.svg" alt="" width={24} height={24} />
        <span>{me.value?.tenant.name ?? words.product}</span>
      </p>
      <nav aria-label={words.views.label}>
        <ul>
          {VIEWS.map((one) => (
            <li key={one}>
              <ViewLink of={one} />
            </li>
          ))}
        </ul>
      </nav>
      <div class="rail-foot">
        <SettingsLink />
        <AccountMenu side="above" />
      </div>
    </header>
  );
}

function SettingsLink() {
  const to: Route = { page: "settings", conversation: null, view: view.value };
  return (
    <a
      class="view-link"
      href={write(to)}
      aria-current={route.value.page === "settings" ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      <Icon of={Settings} />
      <span>{words.settings.title}</span>
    </a>
  );
}

function ViewLink({ of }: { readonly of: View }) {
  const current = route.value.page === "inbox" && view.value === of;
  return (
    <a
      class="view-link"
      href={write({ page: "inbox", conversation: null, view: of })}
      aria-current={current ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go({ page: "inbox", view: of, conversation: null });
      }}
    >
      <Icon of={viewIcon(of)} />
      <span>{viewName(of)}</span>
    </a>
  );
}
