/** Settings → Teams. */

import { UsersRound } from "lucide";
import { useState } from "preact/hooks";
import type { Team } from "../../model/shared";
import { number } from "../../ui/number";
import { Tick } from "../../ui/tick";
import { words } from "../../words";
import { activeMembers, channels, memberName, teams } from "../../workspace";
import { Editor, TextField, toggled } from "../editing";
import { ItemPage } from "../itempage";

export default function Teams() {
  return (
    <ItemPage
      icon={UsersRound}
      said={words.workspace.teams}
      list={teams.value}
      path="/teams"
      detailOf={detailOf}
      editor={TeamEditor}
    />
  );
}

function detailOf(team: Team): string {
  const said = words.workspace.teams;
  const people =
    team.member_ids.length > 4
      ? said.memberCount(number(team.member_ids.length))
      : team.member_ids.map(memberName).join(", ");
  return [people, team.auto_assign ? said.handsOut : ""].filter(Boolean).join(" · ");
}

function TeamEditor({ of, onClose }: { readonly of: Team | null; readonly onClose: () => void }) {
  const { teams: said, name: nameWord } = words.workspace;
  const [name, setName] = useState(of?.name ?? "");
  const [members, setMembers] = useState<readonly string[]>(of?.member_ids ?? []);
  const [addresses, setAddresses] = useState<readonly string[]>(of?.channel_ids ?? []);
  const [autoAssign, setAutoAssign] = useState(of?.auto_assign ?? false);
  const [capacity, setCapacity] = useState(of?.capacity ?? null);
  // Whoever was disabled since is in it no more: the gateway takes active members.
  const active = members.filter((id) => activeMembers.value.some((one) => one.id === id));
  return (
    <Editor
      title={of === null ? said.add : said.change}
      path={of === null ? "/teams" : `/teams/${of.id}`}
      isNew={of === null}
      body={() => ({
        name: name.trim(),
        member_ids: active,
        channel_ids: addresses,
        auto_assign: autoAssign,
        capacity,
      })}
      onClose={onClose}
    >
      <TextField label={nameWord} value={name} onInput={setName} required maxLength={200} />
      <fieldset class="choices many">
        <legend>{said.members}</legend>
        {activeMembers.value.map((one) => (
          <Tick
            key={one.id}
            checked={members.includes(one.id)}
            onChange={(wanted) => {
              setMembers(toggled(members, one.id, wanted));
            }}
          >
            {memberName(one.id)}
          </Tick>
        ))}
      </fieldset>
      <fieldset class="choices many">
        <legend>{said.channels}</legend>
        <p class="soft">{channels.value.length === 0 ? said.noChannels : said.channelsWhy}</p>
        {channels.value.map((one) => (
          <Tick
            key={one.id}
            checked={addresses.includes(one.id)}
            onChange={(wanted) => {
              setAddresses(toggled(addresses, one.id, wanted));
            }}
          >
            {one.name === one.address ? one.name : `${one.name} · ${one.address}`}
          </Tick>
        ))}
      </fieldset>
      <Tick checked={autoAssign} onChange={setAutoAssign}>
        {said.autoAssign}
        <span class="soft"> {said.autoAssignWhy}</span>
      </Tick>
      {autoAssign && (
        <label class="field">
          <span>{said.capacity}</span>
          <input
            type="number"
            min={1}
            max={10_000}
            value={capacity ?? ""}
            placeholder={said.capacityNone}
            onInput={(event) => {
              const typed = event.currentTarget.valueAsNumber;
              setCapacity(Number.isNaN(typed) ? null : typed);
            }}
          />
        </label>
      )}
    </Editor>
  );
}
