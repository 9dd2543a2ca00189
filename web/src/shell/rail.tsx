/** The rail of views, with the workspace above and the menu below. */

import { Contact, Settings } from "lucide";
import type { ComponentChildren } from "preact";
import { unseenMentions } from "../list/mentioned";
import { go, route, VIEWS, view, write, type Route, type View } from "../route";
import { me } from "../store";
import { Icon } from "../ui/icon";
import { LabelDot } from "../ui/label";
import { Link } from "../ui/link";
import { marked } from "../ui/plain";
import { words } from "../words";
import { label, labels, teams, views } from "../workspace";
import { AccountMenu } from "./account";
import { Colleagues } from "./agent";
import { FirstStepsButton } from "./checklist";
import { countOf } from "./counts";
import { viewIcon, viewName } from "./views";
import "./rail.css";

export function Rail() {
  return (
    <header class="rail">
      <p class="workspace">
        <img src="/assets/favicon.svg" alt="" width={24} height={24} />
        <span>{me.value?.tenant.name ?? words.product}</span>
      </p>
      <nav class="rail-views" aria-label={words.views.label}>
        <Section of={VIEWS} />
        <Section title={words.views.saved} of={views.value.map((one) => one.id as View)} />
        <Section title={words.views.teams} of={teams.value.map((one) => one.id as View)} />
        <Section title={words.views.labels} of={labels.value.map((one) => one.id as View)} />
      </nav>
      <div class="rail-foot">
        <Colleagues />
        <CustomersLink />
        <FirstStepsButton />
        <SettingsLink />
        <AccountMenu side="above" />
      </div>
    </header>
  );
}

interface SectionProps {
  readonly title?: string;
  readonly of: readonly View[];
}

function Section({ title, of }: SectionProps) {
  if (of.length === 0) return null;
  return (
    <>
      {title !== undefined && <h2 class="rail-title">{title}</h2>}
      <ul>
        {of.map((one) => (
          <li key={one}>
            <ViewLink of={one} />
          </li>
        ))}
      </ul>
    </>
  );
}

function CustomersLink() {
  const to: Route = { page: "customers", conversation: null, view: view.value, place: "" };
  return (
    <RailLink to={to} current={route.value.page === "customers"} name={words.customers.title}>
      <Icon of={Contact} />
    </RailLink>
  );
}

function SettingsLink() {
  const to: Route = { page: "settings", conversation: null, view: view.value };
  return (
    <RailLink to={to} current={route.value.page === "settings"} name={words.settings.title}>
      <Icon of={Settings} />
    </RailLink>
  );
}

function ViewLink({ of }: { readonly of: View }) {
  const tag = label(of);
  return (
    <RailLink
      to={{ page: "inbox", conversation: null, view: of }}
      current={route.value.page === "inbox" && view.value === of}
      name={viewName(of)}
      count={of === "mentions" ? shown(unseenMentions.value) : countOf(of)}
    >
      {tag === null ? <Icon of={viewIcon(of)} /> : <LabelDot of={tag} />}
    </RailLink>
  );
}

function shown(count: number): string {
  return count === 0 ? "" : `${count}`;
}

interface RailLinkProps {
  readonly to: Route;
  readonly current: boolean;
  readonly name: string;
  readonly count?: string;
  readonly children: ComponentChildren;
}

function RailLink({ to, current, name, count = "", children }: RailLinkProps) {
  return (
    <Link
      class="view-link"
      href={write(to)}
      current={current}
      title={name}
      onGo={() => {
        go(to);
      }}
    >
      {children}
      <span class="view-name">{marked(name)}</span>
      {count !== "" && <span class="view-count numbers">{count}</span>}
    </Link>
  );
}
