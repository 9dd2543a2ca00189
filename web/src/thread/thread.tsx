/** The messages of one conversation, in a pane that never jumps. */

import { ArrowDown } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { sentCount } from "../composer/outbox";
import type { Message, MessageId } from "../model/types";
import { isComplete } from "../reach";
import { Icon } from "../ui/icon";
import { dayLabel, now } from "../ui/time";
import { words } from "../words";
import { Group } from "./group";
import { inPast, messages, reach, readNewer, readOlder, retry, showNewest, wantedMessage } from "./messages";
import { lines } from "./reactions";
import { layOut, type Row } from "./rows";
import { useThreadScroll } from "./scroll";
import { unreadLine } from "./unread";
import "./thread.css";

export function Thread() {
  const scroller = useRef<HTMLDivElement>(null);
  const all = messages.value;
  const { atEnd, onScroll, toEnd } = useThreadScroll(scroller, {
    older: () => void readOlder(),
    newer: () => void readNewer(),
    inPast: inPast.value,
    wanted: wantedMessage.value,
    shown: () => {
      wantedMessage.value = null;
    },
  });
  const below = useBelow(all, atEnd);
  useSent(toEnd);
  return (
    <div class="thread-body">
      <div
        class="thread-scroll"
        ref={scroller}
        onScroll={onScroll}
        role="region"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a pane that scrolls must be reachable by key
        tabIndex={0}
        aria-label={words.thread.label}
      >
        <div class="thread-column">
          <Top />
          {layOut(lines.value, unreadLine.value).map((row) => (
            <Line key={row.key} of={row} />
          ))}
        </div>
      </div>
      {!atEnd && (
        <button
          type="button"
          class="latest"
          onClick={() => {
            if (inPast.peek()) void showNewest();
            else toEnd();
          }}
        >
          <Icon of={ArrowDown} size={14} />
          {below > 0 ? words.thread.latestCount(below) : words.thread.latest}
        </button>
      )}
    </div>
  );
}

function Line({ of }: { readonly of: Row }) {
  switch (of.kind) {
    case "day":
      return (
        <p class="day">
          <span>{dayLabel(of.time, now.value)}</span>
        </p>
      );
    case "unread":
      return (
        <p class="unread-line" data-unread-line>
          <span>{words.thread.unread}</span>
        </p>
      );
    case "group":
      return <Group of={of.messages} />;
  }
}

function Top() {
  const { state } = reach.value;
  if (isComplete(reach.value)) return <p class="thread-top">{words.thread.start}</p>;
  if (state !== "failed") return <p class="thread-top">{words.thread.olderLoading}</p>;
  return (
    <p class="thread-top" role="alert">
      {words.thread.olderError}{" "}
      <button type="button" class="link" onClick={() => void retry()}>
        {words.error.retry}
      </button>
    </p>
  );
}

/** Whoever sends something sees it. */
function useSent(toEnd: () => void): void {
  const sent = sentCount.value;
  const seen = useRef(sent);
  useEffect(() => {
    if (seen.current === sent) return;
    seen.current = sent;
    if (inPast.peek()) void showNewest();
    else toEnd();
  });
}

/** How many messages came in below while the reader was further up; those read on from the past are none of them. */
function useBelow(all: readonly Message[], atEnd: boolean): number {
  const newest = all.at(-1)?.id ?? null;
  const past = inPast.value;
  const wasPast = useRef(past);
  const [seen, setSeen] = useState<MessageId | null>(newest);
  useEffect(() => {
    if (atEnd || past || wasPast.current) setSeen(newest); // also with the last page of them
    wasPast.current = past;
  }, [atEnd, past, newest]);
  const index = all.findIndex((message) => message.id === seen);
  return index < 0 ? 0 : all.length - 1 - index;
}
