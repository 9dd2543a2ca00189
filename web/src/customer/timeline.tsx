/** What happened with a customer over all channels, newest first. */

import { BellOff, GitMerge, StickyNote } from "lucide";
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { listTimeline } from "../customers/calls";
import { ChannelGlyph } from "../list/channel";
import type { TimelineItem } from "../model/customer";
import type { ChannelKind, Message } from "../model/types";
import { discreet, previewOf } from "../preview";
import { go } from "../route";
import { sentence } from "../thread/activity";
import { shape } from "../thread/rows";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { ago, exact, now } from "../ui/time";
import { words } from "../words";
import { memberName } from "../workspace";
import { faultOf } from "./identities";

interface TimelineProps {
  readonly customer: string;
  readonly onClose: () => void;
}

export default function TimelineDialog({ customer, onClose }: TimelineProps) {
  const [items, setItems] = useState<readonly TimelineItem[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const read = useCallback(
    async (after: string | null) => {
      try {
        const page = await listTimeline(customer, after);
        setItems((known) => [...(after === null ? [] : (known ?? [])), ...page.data]);
        setCursor(page.next_cursor);
      } catch (error) {
        setFault(faultOf(error));
      }
    },
    [customer],
  );
  useEffect(() => {
    void read(null);
  }, [read]);
  return (
    <Dialog title={words.customers.timeline} onClose={onClose}>
      <ol class="timeline">
        {items?.length === 0 && <li class="soft">{words.customers.timelineEmpty}</li>}
        {items?.map((one, place) => (
          <Item key={`${one.type} ${one.at} ${place}`} of={one} onClose={onClose} />
        ))}
        {fault !== null && (
          <li class="record-fault" role="alert">
            {fault}
          </li>
        )}
        {cursor !== null && (
          <li>
            <span />
            <button type="button" class="button" onClick={() => void read(cursor)}>
              {words.customers.more}
            </button>
          </li>
        )}
      </ol>
    </Dialog>
  );
}

function Item({ of, onClose }: { readonly of: TimelineItem; readonly onClose: () => void }) {
  if (of.message !== undefined) return <Said of={of.message} onClose={onClose} />;
  if (of.note !== undefined) {
    return (
      <Entry at={of.at} glyph={<Icon of={StickyNote} />}>
        {of.note.author_id === null ? words.customers.program : memberName(of.note.author_id)}: {of.note.text}
      </Entry>
    );
  }
  if (of.merge !== undefined) {
    const { merged_name, undone_at } = of.merge;
    return (
      <Entry at={of.at} glyph={<Icon of={GitMerge} />}>
        {words.customers.merged(merged_name ?? words.customer.nobody)}
        {undone_at !== null && ` (${words.customers.mergeUndone})`}
      </Entry>
    );
  }
  return (
    <Entry at={of.at} glyph={<Icon of={BellOff} />}>
      {words.customers.optedOut(of.opt_out?.address ?? "")}
    </Entry>
  );
}

function Said({ of, onClose }: { readonly of: Message; readonly onClose: () => void }) {
  const kind: ChannelKind = of.channel === "mms" ? "sms" : (of.channel as ChannelKind);
  return (
    <Entry
      at={of.occurred_at}
      glyph={of.kind === "note" ? <Icon of={StickyNote} /> : <ChannelGlyph kind={kind} size={14} />}
    >
      <button
        type="button"
        class="timeline-said"
        onClick={() => {
          onClose();
          go({ page: "inbox", conversation: of.conversation_id });
        }}
      >
        {shape(of) === "activity" ? sentence(of) : said(of)}
      </button>
    </Entry>
  );
}

function said(of: Message): string {
  const ours = of.author_id ? `${memberName(of.author_id)}: ` : `${words.list.you} `;
  const subject = of.subject === null ? "" : `${discreet(of.subject)}: `;
  return `${of.direction === "inbound" ? "" : ours}${subject}${previewOf(of)}`;
}

interface EntryProps {
  readonly at: string;
  readonly glyph: ComponentChildren;
  readonly children: ComponentChildren;
}

function Entry({ at, glyph, children }: EntryProps) {
  return (
    <li>
      {glyph}
      <p>{children}</p>
      <time dateTime={at} title={exact(at)}>
        {ago(at, now.value)}
      </time>
    </li>
  );
}
