/** What is wrong with a connection until it is mended: marks for lists, and sentences that say what to do. */

import { ago, dateAndTime, now } from "../ui/time";
import { words } from "../words";
import { Badge } from "./badge";
import type { ConnectionView, StandingAlarm } from "./types";

export function AlarmBadges({ of }: { readonly of: ConnectionView }) {
  return (
    <>
      {of.alarms.map((alarm) => (
        <Badge key={alarm.kind} kind={alarm.level === "critical" ? "error" : "waiting"}>
          {markOf(alarm)}
        </Badge>
      ))}
    </>
  );
}

export function Alarms({ of }: { readonly of: ConnectionView }) {
  return (
    <>
      {of.alarms.map((alarm) => (
        <p key={alarm.kind} class={`alarm ${alarm.level}`} role="status">
          {sentenceOf(alarm)}
        </p>
      ))}
    </>
  );
}

/** A login that has ended is refused, whether or not the provider said so yet. */
function refused(alarm: StandingAlarm): boolean {
  return alarm.expires_at === null || Date.parse(alarm.expires_at) <= now.value;
}

function markOf(alarm: StandingAlarm): string {
  if (alarm.kind === "silence") return words.settings.alarm.silence;
  return refused(alarm) ? words.settings.alarm.loginRefused : words.settings.alarm.login;
}

function sentenceOf(alarm: StandingAlarm): string {
  if (alarm.kind === "silence") return words.settings.silent(ago(alarm.since, now.value));
  if (alarm.expires_at === null || refused(alarm)) return words.settings.loginRefused;
  return words.settings.loginEnds(dateAndTime(alarm.expires_at));
}
