/** What can be done with the open conversation, in its head. */

import {
  AlarmClock,
  AlarmClockOff,
  CircleCheck,
  CircleDot,
  Ellipsis,
  Hourglass,
  MailOpen,
  Tag,
  UserRound,
} from "lucide";
import { signal } from "@preact/signals";
import { untilChoices } from "../../list/until";
import type { Conversation, Priority } from "../../model/types";
import { may } from "../../permissions";
import { go } from "../../route";
import { AgentName } from "../../shell/agent";
import { Avatar } from "../../ui/avatar";
import { Icon } from "../../ui/icon";
import { LabelDot } from "../../ui/label";
import { Menu, MenuItem, MenuTitle } from "../../ui/menu";
import { exact } from "../../ui/time";
import { words } from "../../words";
import { activeMembers, isMe, labels, memberName, teams } from "../../workspace";
import { changeOpen, markUnread, resolveOrReopen, snooze, toggleLabel } from "./change";
import { OwnTime } from "./owntime";
import "./bar.css";

const PRIORITIES: readonly Priority[] = ["urgent", "high", "normal", "low"];

/** Whether the dialog for a time of one's own is open. */
const choosingTime = signal(false);

export function DeskBar({ of }: { readonly of: Conversation }) {
  if (!may("conversations.write")) return null;
  const done = of.status === "resolved";
  const act = done ? words.desk.reopen : words.desk.resolve;
  return (
    <div class="desk" role="toolbar" aria-label={words.desk.toolbar}>
      <Assign of={of} />
      <Labels of={of} />
      <Snooze of={of} />
      <button type="button" class="button quiet desk-resolve" title={`${act} (E)`} onClick={resolveOrReopen}>
        <Icon of={done ? CircleDot : CircleCheck} />
        <span class="desk-word">{act}</span>
      </button>
      <More of={of} />
      {choosingTime.value && (
        <OwnTime
          onClose={() => {
            choosingTime.value = false;
          }}
        />
      )}
    </div>
  );
}

function Assign({ of }: { readonly of: Conversation }) {
  const { desk } = words;
  const owner = of.assignee_id ?? null;
  const face = owner === null ? <Icon of={UserRound} /> : <Avatar id={owner} name={memberName(owner)} />;
  const label = owner === null ? desk.assign : desk.assignedTo(memberName(owner));
  const people = [...activeMembers.value].sort((a, b) => Number(isMe(b.id)) - Number(isMe(a.id)));
  return (
    <Menu label={label} face={face} class="button quiet square desk-assign" align="end">
      <MenuTitle>{desk.people}</MenuTitle>
      {people.map((one) => (
        <MenuItem
          key={one.id}
          checked={one.id === owner}
          onSelect={() => void changeOpen({ assignee_id: one.id })}
        >
          <AgentName of={one} />
        </MenuItem>
      ))}
      <MenuItem checked={owner === null} onSelect={() => void changeOpen({ assignee_id: null })}>
        {desk.nobody}
      </MenuItem>
      {teams.value.length > 0 && <MenuTitle>{desk.teams}</MenuTitle>}
      {teams.value.map((one) => (
        <MenuItem
          key={one.id}
          checked={one.id === of.team_id}
          onSelect={() => void changeOpen({ team_id: one.id })}
        >
          {one.name}
        </MenuItem>
      ))}
      {teams.value.length > 0 && (
        <MenuItem checked={(of.team_id ?? null) === null} onSelect={() => void changeOpen({ team_id: null })}>
          {desk.noTeam}
        </MenuItem>
      )}
    </Menu>
  );
}

function Labels({ of }: { readonly of: Conversation }) {
  const has = of.label_ids ?? [];
  return (
    <Menu
      label={words.desk.label}
      face={<Icon of={Tag} />}
      class="button quiet square desk-label"
      align="end"
    >
      <MenuTitle>{labels.value.length === 0 ? words.desk.noLabels : words.desk.label}</MenuTitle>
      {labels.value.map((one) => (
        <MenuItem
          key={one.id}
          kind="checkbox"
          checked={has.includes(one.id)}
          onSelect={() => {
            toggleLabel(one.id);
          }}
        >
          <LabelDot of={one} />
          {one.name}
        </MenuItem>
      ))}
      {may("workspace.write") && (
        <MenuItem
          onSelect={() => {
            go({ page: "settings", conversation: null, area: "labels", place: "" });
          }}
        >
          {words.desk.manageLabels}
        </MenuItem>
      )}
    </Menu>
  );
}

function Snooze({ of }: { readonly of: Conversation }) {
  const { desk } = words;
  return (
    <Menu
      label={desk.snooze}
      face={<Icon of={AlarmClock} />}
      class="button quiet square desk-snooze"
      align="end"
    >
      <MenuTitle>{desk.snooze}</MenuTitle>
      {untilChoices(new Date()).map(({ name, time }) => (
        <MenuItem
          key={name}
          onSelect={() => {
            snooze(time);
          }}
        >
          <span title={exact(time.toISOString())}>{name}</span>
        </MenuItem>
      ))}
      <MenuItem
        onSelect={() => {
          choosingTime.value = true;
        }}
      >
        {desk.snoozeOwn}
      </MenuItem>
      {of.status === "snoozed" && (
        <MenuItem onSelect={() => void changeOpen({ status: "open" })}>
          <Icon of={AlarmClockOff} />
          {desk.wake}
        </MenuItem>
      )}
    </Menu>
  );
}

function More({ of }: { readonly of: Conversation }) {
  const { desk, filter } = words;
  return (
    <Menu label={desk.more} face={<Icon of={Ellipsis} />} class="button quiet square desk-more" align="end">
      <MenuItem onSelect={() => void markUnread()}>
        <Icon of={MailOpen} />
        {desk.unread}
      </MenuItem>
      {of.status !== "pending" && (
        <MenuItem onSelect={() => void changeOpen({ status: "pending" })}>
          <Icon of={Hourglass} />
          {desk.pending}
        </MenuItem>
      )}
      <MenuTitle>{desk.priority}</MenuTitle>
      {PRIORITIES.map((one) => (
        <MenuItem
          key={one}
          checked={one === (of.priority ?? "normal")}
          onSelect={() => void changeOpen({ priority: one })}
        >
          {filter.priorities[one]}
        </MenuItem>
      ))}
    </Menu>
  );
}
