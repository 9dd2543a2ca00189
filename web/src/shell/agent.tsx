/** Colleagues: what to call one in a list, whether they are there, and all who are. */

import type { Member } from "../model/shared";
import { isOnline } from "../thread/presence";
import { Avatar } from "../ui/avatar";
import { words } from "../words";
import { activeMembers, isMe, memberName } from "../workspace";
import "./agent.css";

const SHOWN = 5;

/** The name, and whether they take conversations now: in words, not by colour alone. */
export function AgentName({ of }: { readonly of: Member }) {
  const name = memberName(of.id);
  return (
    <>
      {isMe(of.id) ? words.person.you(name) : name}
      <AgentState of={of} />
    </>
  );
}

/** "Away", "Online", or nothing. */
export function AgentState({ of }: { readonly of: Member }) {
  if (of.status !== "active") return null;
  if (of.availability === "away") return <span class="agent-state away">{words.menu.away}</span>;
  return isOnline(of.id) ? <span class="agent-state">{words.person.online}</span> : null;
}

/** The others who have the page open, as faces. */
export function Colleagues() {
  const others = activeMembers.value.filter((one) => isOnline(one.id) && !isMe(one.id));
  if (others.length === 0) return null;
  const names = others.map((one) => memberName(one.id)).join(", ");
  return (
    <p class="colleagues" title={words.person.alsoOnline(names)}>
      <span class="unseen">{words.person.alsoOnline(names)}</span>
      {others.slice(0, SHOWN).map((one) => (
        <Avatar key={one.id} id={one.id} name={memberName(one.id)} />
      ))}
      {others.length > SHOWN && (
        <span class="numbers" aria-hidden>
          +{others.length - SHOWN}
        </span>
      )}
    </p>
  );
}
