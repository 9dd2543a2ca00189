/** One quiet line on what somebody did with the conversation, or what happened to it by itself. */

import type { Message } from "../model/types";
import { clockTime, exact } from "../ui/time";
import { words } from "../words";
import { isMe, label, memberName, team } from "../workspace";
import "./activity.css";

export function Activity({ of }: { readonly of: Message }) {
  return (
    <p class="activity" data-message={of.id}>
      <span>{sentence(of)}</span>
      <time dateTime={of.occurred_at} title={exact(of.occurred_at)}>
        {clockTime(of.occurred_at)}
      </time>
    </p>
  );
}

type Named = string | null | readonly string[];

/** What a line tells, for machines; the server owns this shape. */
interface Done {
  readonly what?: string;
  readonly from?: Named;
  readonly to?: Named;
  readonly until?: string;
  readonly cause?: string;
}

/** What a line tells, in words; what this page does not know (yet) is told in general. */
export function sentence(line: Message): string {
  const { author_id, extra }: { readonly author_id?: string | null; readonly extra: Done } = line;
  const { did } = words.desk;
  const who = author_id == null ? words.desk.program : named(author_id);
  const { cause } = extra;
  switch (extra.what) {
    case "status":
      if (cause === "snooze") return did.woke;
      if (cause === "message") return did.reopened;
      return status(who, extra);
    case "priority":
      return did.priority(who, words.filter.priorities[String(extra.to)] ?? String(extra.to));
    case "assignee":
      return assignee(who, author_id ?? null, extra);
    case "team":
      if (cause === "removal") return did.teamGone;
      return extra.to === null ? did.noTeam(who) : did.team(who, team(String(extra.to))?.name ?? "…");
    case "labels":
      return cause === "removal" ? did.labelGone : labels(who, extra);
    case "subject":
      return extra.to === null ? did.noSubject(who) : did.subject(who, String(extra.to));
    default:
      return did.something(who);
  }
}

function status(who: string, { to, until }: Done): string {
  const { did } = words.desk;
  switch (to) {
    case "open":
      return did.open(who);
    case "pending":
      return did.pending(who);
    case "resolved":
      return did.resolved(who);
    case "snoozed":
      return did.snoozed(who, exact(until ?? ""));
    default:
      return did.something(who);
  }
}

function assignee(who: string, author: string | null, { to, cause }: Done): string {
  const { did } = words.desk;
  if (to === null) return did.freed(who);
  const name = named(String(to));
  if (cause === "rotation") return did.turn(name);
  return to === author ? did.took(who) : did.assigned(who, name);
}

function labels(who: string, { from, to }: Done): string {
  const { did } = words.desk;
  const [before, after] = [ids(from), ids(to)];
  const added = after.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !after.includes(id));
  const told = [
    ...(added.length > 0 ? [did.labelled(who, names(added))] : []),
    ...(removed.length > 0 ? [did.unlabelled(who, names(removed))] : []),
  ];
  return told.join("; ");
}

function names(all: readonly string[]): string {
  return all.map((id) => label(id)?.name ?? "…").join(", ");
}

function ids(value: Named | undefined): readonly string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}

function named(id: string): string {
  return isMe(id) ? words.person.you(memberName(id)) : memberName(id);
}
