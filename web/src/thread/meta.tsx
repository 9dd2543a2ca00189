/** The time of a message, its status glyph, and behind them all its times to the second. */

import { Ban, Check, CheckCheck, CircleAlert, CircleQuestionMark, Clock3, type IconNode } from "lucide";
import type { Message, MessageStatus } from "../model/types";
import { Icon } from "../ui/icon";
import { clockTime, exact, took } from "../ui/time";
import { Tooltip } from "../ui/tooltip";
import { words } from "../words";

const GLYPHS: Readonly<Record<MessageStatus, IconNode | null>> = {
  received: null,
  queued: Clock3,
  unknown: CircleQuestionMark,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  played: CheckCheck,
  failed: CircleAlert,
  canceled: Ban,
};

interface MetaProps {
  readonly of: Message;
  /** Who wrote it, where nothing else says so. */
  readonly by?: string | null;
}

export function Meta({ of, by = null }: MetaProps) {
  return (
    <Tooltip class="meta numbers" tip={<Facts of={of} />}>
      {by !== null && <span class="meta-by">{by}</span>}
      <time dateTime={of.occurred_at}>{clockTime(of.occurred_at)}</time>
      {of.direction === "outbound" && <StatusGlyph of={of.status} />}
    </Tooltip>
  );
}

function StatusGlyph({ of }: { readonly of: MessageStatus }) {
  const glyph = GLYPHS[of];
  if (glyph === null) return null;
  return (
    <span class={`status ${of}`}>
      <Icon of={glyph} size={14} label={words.delivery[of]} />
    </span>
  );
}

function Facts({ of }: { readonly of: Message }) {
  const delay = Date.parse(of.received_at) - Date.parse(of.occurred_at);
  return (
    <span class="facts">
      <Fact name={words.message.provided} value={exact(of.occurred_at)} />
      <Fact name={words.message.received} value={exact(of.received_at)} />
      {Object.entries(of.status_at).map(([status, time]) => (
        <Fact key={status} name={statusWord(status)} value={exact(time)} />
      ))}
      {of.edited_at && <Fact name={words.message.edited} value={exact(of.edited_at)} />}
      {of.deleted_at && <Fact name={words.message.deletedAt} value={exact(of.deleted_at)} />}
      {of.direction === "inbound" && <span>{words.message.arrived(took(delay))}</span>}
    </span>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <span class="fact">
      <span>{name}</span>
      <span class="numbers">{value}</span>
    </span>
  );
}

function statusWord(status: string): string {
  return (words.delivery as Readonly<Record<string, string>>)[status] ?? status;
}
