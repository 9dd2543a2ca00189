/** A member: who they are, what they may do, and what can be done about it. */

import { Ban, Ellipsis, ShieldPlus, UserCheck } from "lucide";
import { useState } from "preact/hooks";
import { may } from "../../permissions";
import type { Member } from "../../model/shared";
import { AgentState } from "../../shell/agent";
import { Avatar } from "../../ui/avatar";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { Menu, MenuItem } from "../../ui/menu";
import { words } from "../../words";
import { isMe } from "../../workspace";
import { Badge } from "../badge";
import { refusedBecause } from "../loaded";
import { changeMember } from "./calls";
import { Extra } from "./extra";
import { rolesToGive } from "./roles";

export function MemberRow({ of }: { readonly of: Member }) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const [asking, setAsking] = useState<"extra" | "disable" | null>(null);
  const name = of.name ?? of.email;
  const change = async (changes: unknown) => {
    setRefusal(null);
    setAsking(null);
    try {
      await changeMember(of.id, changes);
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  const mine = may("members.write") && (rolesToGive().includes(of.role) || of.role !== "owner");
  return (
    <li class="person" data-disabled={of.status === "disabled"}>
      <Avatar id={of.id} name={name} />
      <span class="person-name">
        <strong>{name}</strong>
        {isMe(of.id) && <span class="soft"> {words.people.you}</span>}
        <span class="soft person-email">{of.email}</span>
      </span>
      <span class="person-marks">
        <AgentState of={of} />
        {of.extra_permissions.length > 0 && (
          <span class="soft">{words.people.more(of.extra_permissions.length)}</span>
        )}
        {of.status === "disabled" && <Badge kind="disabled">{words.people.disabled}</Badge>}
        {mine && of.status === "active" ? (
          <RoleChoice of={of} name={name} onChoose={(role) => void change({ role })} key={refusal} />
        ) : (
          <span class="person-role">{words.people.roles[of.role] ?? of.role}</span>
        )}
        {mine && (
          <Menu
            label={words.people.actionsFor(name)}
            face={<Icon of={Ellipsis} />}
            class="button quiet square"
            align="end"
          >
            {of.status === "active" && (
              <MenuItem
                onSelect={() => {
                  setAsking("extra");
                }}
              >
                <Icon of={ShieldPlus} />
                {words.people.extra}
              </MenuItem>
            )}
            {of.status === "active" ? (
              <MenuItem
                onSelect={() => {
                  setAsking("disable");
                }}
              >
                <Icon of={Ban} />
                {words.people.disable}
              </MenuItem>
            ) : (
              <MenuItem onSelect={() => void change({ status: "active" })}>
                <Icon of={UserCheck} />
                {words.people.enable}
              </MenuItem>
            )}
          </Menu>
        )}
      </span>
      {refusal !== null && (
        <p class="form-refusal person-refusal" role="alert">
          {refusal}
        </p>
      )}
      {asking === "extra" && (
        <Extra
          of={of}
          name={name}
          onChoose={(permissions) => void change({ extra_permissions: permissions })}
          onClose={() => {
            setAsking(null);
          }}
        />
      )}
      {asking === "disable" && (
        <Dialog
          title={words.people.confirm(name)}
          onClose={() => {
            setAsking(null);
          }}
        >
          <div class="dialog-text">
            <p>{words.people.confirmWhy}</p>
            <div class="actions">
              <button type="button" class="button danger" onClick={() => void change({ status: "disabled" })}>
                {words.people.disable}
              </button>
              <button
                type="button"
                class="button"
                onClick={() => {
                  setAsking(null);
                }}
              >
                {words.people.cancel}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </li>
  );
}

interface RoleChoiceProps {
  readonly of: Member;
  readonly name: string;
  readonly onChoose: (role: string) => void;
}

function RoleChoice({ of, name, onChoose }: RoleChoiceProps) {
  return (
    <select
      class="person-role"
      aria-label={words.people.roleOf(name)}
      value={of.role}
      onChange={(event) => {
        onChoose(event.currentTarget.value);
      }}
    >
      {rolesToGive().map((one) => (
        <option key={one} value={one}>
          {words.people.roles[one]}
        </option>
      ))}
    </select>
  );
}
