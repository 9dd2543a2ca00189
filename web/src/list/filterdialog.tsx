/** What narrows the view, one choice for each kind; more of one kind can stand in the address or a saved view. */

import { useId } from "preact/hooks";
import { goQuery } from "../route";
import { Dialog } from "../ui/dialog";
import { words } from "../words";
import { activeMembers, channels, labels, memberName, teams } from "../workspace";
import { filters } from "./conversations";
import { PRIORITIES, STATUSES } from "./filters";
import { formatAddress } from "./names";
import "../ui/form.css";
import "./filterdialog.css";

interface Choice {
  readonly value: string;
  readonly name: string;
}

export default function FilterDialog({ onClose }: { readonly onClose: () => void }) {
  const { filter } = words;
  const now = filters.value;
  return (
    <Dialog title={filter.title} onClose={onClose}>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
        }}
      >
        <Select
          name="status"
          title={filter.status}
          value={now.status.length === 1 ? now.status[0] : ""}
          choices={STATUSES.map((one) => ({ value: one, name: words.statuses[one] }))}
          whenAny={STATUSES}
        />
        <Select
          name="assignee"
          title={filter.assignee}
          value={now.assignee ?? ""}
          choices={[
            { value: "me", name: filter.me },
            { value: "nobody", name: words.person.nobody },
            ...activeMembers.value.map((one) => ({ value: one.id, name: memberName(one.id) })),
          ]}
        />
        <Select
          name="team"
          title={filter.team}
          value={now.team ?? ""}
          choices={[{ value: "nobody", name: filter.noTeam }, ...teams.value.map(named)]}
        />
        <Select
          name="label"
          title={filter.label}
          value={now.label[0] ?? ""}
          choices={labels.value.map(named)}
        />
        <Select
          name="channel"
          title={filter.channel}
          value={now.channel[0] ?? ""}
          choices={channels.value.map((one) => ({
            value: one.id,
            name: `${words.channels[one.kind]} · ${formatAddress(one.address)}`,
          }))}
        />
        <Select
          name="priority"
          title={filter.priority}
          value={now.priority.length === 1 ? now.priority[0] : ""}
          choices={PRIORITIES.map((one) => ({ value: one, name: filter.priorities[one] ?? one }))}
        />
        <Select
          name="sort"
          title={filter.sort}
          value={now.sort === "oldest" ? "oldest" : ""}
          any={filter.newest}
          choices={[{ value: "oldest", name: filter.oldest }]}
        />
        <label class="tick">
          <input
            type="checkbox"
            checked={now.unread}
            onChange={(event) => {
              goQuery({ unread: event.currentTarget.checked ? "true" : null });
            }}
          />
          <span>{filter.unread}</span>
        </label>
      </form>
    </Dialog>
  );
}

interface SelectProps {
  readonly name: string;
  readonly title: string;
  readonly value: string | undefined;
  readonly choices: readonly Choice[];
  readonly any?: string;
  /** What "any" asks for where the view itself asks for less. */
  readonly whenAny?: readonly string[];
}

function Select({ name, title, value, choices, any = words.filter.any, whenAny }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{title}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => {
          goQuery({ [name]: event.currentTarget.value || (whenAny ?? null) });
        }}
      >
        <option value="">{any}</option>
        {choices.map((one) => (
          <option key={one.value} value={one.value}>
            {one.name}
          </option>
        ))}
      </select>
    </div>
  );
}

function named({ id, name }: { readonly id: string; readonly name: string }): Choice {
  return { value: id, name };
}
