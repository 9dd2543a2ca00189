/** What can be done to the selected rows, below them. */

import { AlarmClock, CircleCheck, CircleDot, Tag, UserRound, X } from "lucide";
import { activeMembers, labels, teams } from "../workspace";
import { may } from "../permissions";
import { AgentName } from "../shell/agent";
import { Icon } from "../ui/icon";
import { LabelDot } from "../ui/label";
import { Menu, MenuItem, MenuTitle } from "../ui/menu";
import { exact } from "../ui/time";
import { words } from "../words";
import { bulkState, changeAll, toggleLabel } from "./bulk";
import { choosing, clearSelection, selection } from "./selection";
import { untilChoices } from "./until";
import "./bulkbar.css";

export function BulkBar() {
  const rows = selection.value;
  if ((rows.length === 0 && !choosing.value) || !may("conversations.write")) return null;
  const { busy, failure } = bulkState.value;
  const allDone = rows.every((row) => row.status === "resolved");
  return (
    <div class="bulk" role="toolbar" aria-label={words.bulk.label} aria-busy={busy}>
      <p class="bulk-count numbers" role="status">
        {rows.length === 0 ? words.bulk.none : words.bulk.count(rows.length)}
      </p>
      {rows.length > 0 && (
        <>
          <Assign />
          {labels.value.length > 0 && <Labels />}
          <Snooze />
          <button
            type="button"
            class="button quiet square"
            title={allDone ? words.bulk.reopen : words.bulk.resolve}
            aria-label={allDone ? words.bulk.reopen : words.bulk.resolve}
            disabled={busy}
            onClick={() => void changeAll({ status: allDone ? "open" : "resolved" })}
          >
            <Icon of={allDone ? CircleDot : CircleCheck} />
          </button>
        </>
      )}
      <button
        type="button"
        class="button quiet square"
        title={words.bulk.clear}
        aria-label={words.bulk.clear}
        onClick={clearSelection}
      >
        <Icon of={X} />
      </button>
      {failure !== null && (
        <p class="bulk-failure" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}

function Assign() {
  return (
    <Menu label={words.bulk.assign} face={<Icon of={UserRound} />} class="button quiet square" side="above">
      <MenuTitle>{words.bulk.assign}</MenuTitle>
      {activeMembers.value.map((one) => (
        <MenuItem key={one.id} onSelect={() => void changeAll({ assignee_id: one.id })}>
          <AgentName of={one} />
        </MenuItem>
      ))}
      <MenuItem onSelect={() => void changeAll({ assignee_id: null })}>{words.person.nobody}</MenuItem>
      {teams.value.length > 0 && <MenuTitle>{words.views.teams}</MenuTitle>}
      {teams.value.map((one) => (
        <MenuItem key={one.id} onSelect={() => void changeAll({ team_id: one.id })}>
          {one.name}
        </MenuItem>
      ))}
    </Menu>
  );
}

function Labels() {
  return (
    <Menu label={words.bulk.tag} face={<Icon of={Tag} />} class="button quiet square" side="above">
      <MenuTitle>{words.bulk.tag}</MenuTitle>
      {labels.value.map((one) => (
        <MenuItem key={one.id} onSelect={() => void toggleLabel(one.id)}>
          <LabelDot of={one} />
          {one.name}
        </MenuItem>
      ))}
    </Menu>
  );
}

function Snooze() {
  return (
    <Menu label={words.bulk.snooze} face={<Icon of={AlarmClock} />} class="button quiet square" side="above">
      <MenuTitle>{words.bulk.snooze}</MenuTitle>
      {untilChoices(new Date()).map(({ name, time }) => (
        <MenuItem
          key={name}
          onSelect={() => void changeAll({ status: "snoozed", snoozed_until: time.toISOString() })}
        >
          <span title={exact(time.toISOString())}>{name}</span>
        </MenuItem>
      ))}
    </Menu>
  );
}
