/** What narrows the view, said in words, each with a way to take it off. */

import { Bookmark, ListFilter, Pencil, X } from "lucide";
import { signal } from "@preact/signals";
import { may } from "../permissions";
import { go, goQuery, query, view } from "../route";
import { Icon } from "../ui/icon";
import { Lazy } from "../ui/lazy";
import { words } from "../words";
import { STATUSES } from "./filters";
import { channels, label, memberName, team, views } from "../workspace";

const dialog = signal<"filter" | "save" | "change" | null>(null);
const loadFilters = () => import("./filterdialog");
const loadView = () => import("./viewdialog");

/** For the heading of the list: narrow the view, and change it when it is a saved one. */
export function FilterButtons() {
  const saved = views.value.find((one) => one.id === view.value);
  const changeable =
    saved !== undefined && may(saved.owner_id === null ? "workspace.write" : "conversations.write");
  return (
    <>
      {changeable && (
        <button
          type="button"
          class="button quiet square"
          aria-label={words.view.change}
          title={words.view.change}
          onClick={() => {
            dialog.value = "change";
          }}
        >
          <Icon of={Pencil} />
        </button>
      )}
      <button
        type="button"
        class="button quiet square"
        aria-label={words.filter.open}
        title={words.filter.open}
        onClick={openFilters}
      >
        <Icon of={ListFilter} />
      </button>
      <Dialogs />
    </>
  );
}

export function openFilters(): void {
  dialog.value = "filter";
}

function Dialogs() {
  const onClose = () => {
    dialog.value = null;
  };
  const saved = views.value.find((one) => one.id === view.value) ?? null;
  if (dialog.value === "filter") return <Lazy load={loadFilters} of={{ onClose }} />;
  if (dialog.value === null || (dialog.value === "change" && saved === null)) return null;
  return <Lazy load={loadView} of={{ of: dialog.value === "change" ? saved : null, onClose }} />;
}

/** Below the heading, while something narrows the view. */
export function FilterChips() {
  const anyStatus = query.value.getAll("status").length === STATUSES.length;
  const given = [...query.value].filter(
    ([name, value]) => inWords(name, value) !== null && !(anyStatus && name === "status"),
  );
  if (given.length === 0 && !anyStatus) return null;
  return (
    <div class="filter-chips">
      {given.map(([name, value]) => (
        <Chip key={`${name} ${value}`} name={name} value={value} />
      ))}
      {anyStatus && <AnyStatus />}
      {may("conversations.write") && (
        <button
          type="button"
          class="chip-button"
          onClick={() => {
            dialog.value = "save";
          }}
        >
          <Icon of={Bookmark} size={14} />
          {words.view.save}
        </button>
      )}
      <button
        type="button"
        class="chip-button"
        onClick={() => {
          go({ query: "" });
        }}
      >
        {words.filter.clear}
      </button>
    </div>
  );
}

function AnyStatus() {
  const text = words.filter.anyStatus;
  return (
    <button
      type="button"
      class="filter-chip"
      aria-label={words.filter.remove(text)}
      onClick={() => {
        goQuery({ status: null });
      }}
    >
      {text}
      <Icon of={X} size={12} />
    </button>
  );
}

function Chip({ name, value }: { readonly name: string; readonly value: string }) {
  const text = inWords(name, value) ?? value;
  return (
    <button
      type="button"
      class="filter-chip"
      aria-label={words.filter.remove(text)}
      onClick={() => {
        goQuery({
          [name]: query
            .peek()
            .getAll(name)
            .filter((other) => other !== value),
        });
      }}
    >
      {text}
      <Icon of={X} size={12} />
    </button>
  );
}

/** What a parameter asks for; null where it asks for nothing that is known. */
function inWords(name: string, value: string): string | null {
  const { filter } = words;
  switch (name) {
    case "status":
      return (words.statuses as Readonly<Record<string, string>>)[value] ?? null;
    case "assignee":
      return `${filter.assignee}: ${personInWords(value)}`;
    case "team":
      return value === "nobody" ? filter.noTeam : (team(value)?.name ?? words.views.gone);
    case "label":
      return label(value)?.name ?? words.views.gone;
    case "channel":
      return channels.value.find((one) => one.id === value)?.name ?? words.views.gone;
    case "priority":
      return filter.priorities[value] ?? null;
    case "unread":
      return filter.unread;
    case "sort":
      return value === "oldest" ? filter.oldest : null;
    default:
      return null;
  }
}

function personInWords(value: string): string {
  if (value === "me") return words.filter.me;
  return value === "nobody" ? words.person.nobody : memberName(value);
}
