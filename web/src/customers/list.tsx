/** The list of customers: sorted and narrowed by the address, read page by page. */

import { ArrowLeft, Download, Plus, Upload, Users } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { cardName } from "../customer/merge";
import { faultOf } from "../customer/identities";
import { formatAddress } from "../list/names";
import type { CustomerCard } from "../model/customer";
import { may } from "../permissions";
import { go, goQuery, query, route, write } from "../route";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { LabelChip } from "../ui/label";
import { Link } from "../ui/link";
import { Notice } from "../ui/notice";
import { ago, exact, now } from "../ui/time";
import { words } from "../words";
import { label, labels } from "../workspace";
import { listCustomers } from "./calls";
import { AddDialog } from "./add";
import { Export } from "./export";
import { cards, keepCard, moved } from "./known";

export function CustomerList({ chosen }: { readonly chosen: string }) {
  const filters = query.value.toString();
  const version = moved.value;
  const [ids, setIds] = useState<readonly string[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const read = async (after: string | null, wanted: string) => {
    try {
      const page = await listCustomers(new URLSearchParams(wanted), after);
      if (wanted !== query.peek().toString()) return; // somebody has narrowed it otherwise meanwhile
      for (const card of page.data) keepCard(card);
      const read = page.data.map((card) => card.id);
      setIds((known) => (after === null ? read : [...(known ?? []), ...read]));
      setCursor(page.next_cursor);
      setFault(null);
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  useEffect(() => {
    void read(null, filters);
  }, [filters, version]);
  const rows = (ids ?? [])
    .map((id) => cards.value.get(id))
    .filter((card) => card !== undefined)
    .filter((card) => card.deleted_at === null && (card.status !== "merged" || query.value.has("status")));
  return (
    <div class="customers-main">
      <Head />
      <Filters />
      <div class="customers-list">
        {fault !== null && <Notice icon={Users} title={fault} alert />}
        {fault === null && ids !== null && rows.length === 0 && <Nobody />}
        <ul>
          {[...arrived(ids), ...rows].map((card) => (
            <li key={card.id}>
              <Row of={card} chosen={card.id === chosen} />
            </li>
          ))}
        </ul>
        {cursor !== null && (
          <p class="customers-more">
            <button type="button" class="button" onClick={() => void read(cursor, filters)}>
              {words.customers.more}
            </button>
          </p>
        )}
      </div>
    </div>
  );
}

/** Who came since the list was read; where it is not narrowed and the newest come first, they stand at its top. */
function arrived(ids: readonly string[] | null): readonly CustomerCard[] {
  const first = ids?.map((id) => cards.value.get(id)).find((card) => card !== undefined);
  if (ids === null || query.value.toString() !== "") return [];
  const known = new Set(ids);
  return [...cards.value.values()]
    .filter((card) => !known.has(card.id) && card.deleted_at === null && card.status !== "merged")
    .filter((card) => first === undefined || card.created_at >= first.created_at)
    .sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
}

function Head() {
  const [adding, setAdding] = useState(false);
  return (
    <header class="customers-head">
      <button
        type="button"
        class="button quiet square only-phone"
        aria-label={words.settings.backToInbox}
        onClick={() => {
          go({ page: "inbox" });
        }}
      >
        <Icon of={ArrowLeft} />
      </button>
      <h1>{words.customers.title}</h1>
      {may("customers.export") && <Export icon={Download} />}
      {may("customers.import") && (
        <button
          type="button"
          class="button"
          onClick={() => {
            go({ place: "import" });
          }}
        >
          <Icon of={Upload} />
          {words.customers.import}
        </button>
      )}
      {may("customers.write") && (
        <button
          type="button"
          class="button primary"
          onClick={() => {
            setAdding(true);
          }}
        >
          <Icon of={Plus} />
          {words.customers.newCustomer}
        </button>
      )}
      {adding && (
        <AddDialog
          onClose={() => {
            setAdding(false);
          }}
        />
      )}
    </header>
  );
}

function Filters() {
  const now = query.value;
  const pick = (name: string) => (event: { readonly currentTarget: HTMLSelectElement }) => {
    goQuery({ [name]: event.currentTarget.value || null });
  };
  return (
    <div class="customers-filters">
      <label>
        {words.customers.sort}
        <select value={now.get("sort") ?? ""} onChange={pick("sort")}>
          <option value="">{words.customers.sortNewest}</option>
          <option value="name">{words.customers.sortName}</option>
        </select>
      </label>
      <label>
        {words.customers.filterStatus}
        <select value={now.get("status") ?? ""} onChange={pick("status")}>
          <option value="">{words.customers.any}</option>
          {Object.entries(words.customers.statuses).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {labels.value.length > 0 && (
        <label>
          {words.customers.filterLabel}
          <select value={now.get("label_id") ?? ""} onChange={pick("label_id")}>
            <option value="">{words.customers.any}</option>
            {labels.value.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

function Nobody() {
  if (query.value.toString() !== "") return <Notice icon={Users} title={words.customers.noneFiltered} />;
  return (
    <Notice icon={Users} title={words.customers.none}>
      <p class="soft">{words.customers.noneLead}</p>
    </Notice>
  );
}

function Row({ of, chosen }: { readonly of: CustomerCard; readonly chosen: boolean }) {
  const name = cardName(of);
  const to = { ...route.value, place: of.id };
  return (
    <Link
      class="customer-row"
      href={write(to)}
      current={chosen}
      onGo={() => {
        go({ ...to, query: query.peek().toString() });
      }}
    >
      <Avatar id={of.id} name={name} />
      <span>
        <strong dir="auto">{name}</strong>
        {of.status !== "active" && <span class="soft">{words.customers.statuses[of.status]}</span>}
      </span>
      <span class="soft customer-row-address">
        {of.identities.map((one) => formatAddress(one.value)).join(", ")}
      </span>
      <span class="customer-row-labels customer-row-business">
        {of.label_ids
          .map(label)
          .filter((one) => one !== null)
          .map((one) => (
            <LabelChip key={one.id} of={one} />
          ))}
      </span>
      <time class="soft numbers customer-row-age" dateTime={of.created_at} title={exact(of.created_at)}>
        {ago(of.created_at, now.value)}
      </time>
    </Link>
  );
}
