/** The settings: the menu of their areas, and the one that is open. */

import { ArrowLeft, Ban } from "lucide";
import { go, route, write, type Route } from "../route";
import { Icon } from "../ui/icon";
import { Lazy } from "../ui/lazy";
import { Link } from "../ui/link";
import { Notice } from "../ui/notice";
import { words } from "../words";
import { AREA_GROUPS, shownAreas, type Area } from "./areas";
import "../ui/form.css";
import "./settings.css";

export default function SettingsPage() {
  const { area = "", place = "" } = route.value;
  const areas = shownAreas();
  // Beside the menu there is room for one of them; on a phone the menu comes first.
  const open = area === "" ? areas[0] : areas.find((one) => one.id === area);
  return (
    <main class="settings" data-menu={area === ""}>
      <SettingsMenu />
      <div class="settings-body" id="content" tabIndex={-1}>
        {open !== undefined && <Lazy key={open.id} load={open.load} of={{ place }} />}
        {open === undefined && <Notice icon={Ban} title={words.settings.noArea} alert />}
      </div>
    </main>
  );
}

function SettingsMenu() {
  return (
    <nav class="settings-menu" aria-label={words.settings.title}>
      <header class="settings-menu-head">
        <button
          type="button"
          class="button quiet square"
          aria-label={words.settings.backToInbox}
          onClick={() => {
            go({ page: "inbox" });
          }}
        >
          <Icon of={ArrowLeft} />
        </button>
        <h2>{words.settings.title}</h2>
      </header>
      {AREA_GROUPS.map((group) => (
        <Group key={group} of={group} />
      ))}
    </nav>
  );
}

function Group({ of }: { readonly of: Area["group"] }) {
  const areas = shownAreas().filter((one) => one.group === of);
  if (areas.length === 0) return null;
  return (
    <section>
      <h3>{words.settings.groups[of]}</h3>
      <ul>
        {areas.map((one) => (
          <li key={one.id}>
            <AreaLink of={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function AreaLink({ of }: { readonly of: Area }) {
  const current = route.value.area || shownAreas()[0]?.id;
  const to: Route = { page: "settings", conversation: null, view: route.value.view, area: of.id, place: "" };
  return (
    <Link
      class="view-link"
      href={write(to)}
      current={current === of.id}
      onGo={() => {
        go(to);
      }}
    >
      <Icon of={of.icon} />
      <span>{of.title()}</span>
    </Link>
  );
}
