/** What is known about the customer and the conversation, and nothing more. */

import { Check, Copy, X } from "lucide";
import { useState } from "preact/hooks";
import { ChannelGlyph } from "../list/channel";
import { formatAddress, nameOf } from "../list/names";
import type { Conversation } from "../model/types";
import { toggleDetails } from "../shell/details";
import { conversation } from "../thread/messages";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { Lazy } from "../ui/lazy";
import { marked, plainName } from "../ui/plain";
import { ago, duration, exact, now } from "../ui/time";
import { words } from "../words";
import "./panel.css";

const loadRecord = () => import("./record");

export function CustomerPanel() {
  const of = conversation.value;
  return (
    <aside class="panel" aria-label={words.customer.label}>
      <header class="pane-head panel-head">
        <h2>{words.thread.details}</h2>
        <button
          type="button"
          class="button quiet square panel-close"
          aria-label={words.customer.close}
          onClick={toggleDetails}
        >
          <Icon of={X} />
        </button>
      </header>
      {of !== null && <Facts of={of} />}
    </aside>
  );
}

function Facts({ of }: { readonly of: Conversation }) {
  const name = nameOf(of.customer);
  const named = plainName(of.customer.name) !== null;
  return (
    <div class="panel-body">
      <div class="panel-face">
        <Avatar id={of.customer.id} name={name} large />
        {named && (
          <p class="panel-name" dir="auto">
            {name}
          </p>
        )}
        <p class={named ? "panel-address" : "panel-address alone"}>
          <span>{formatAddress(of.customer.address ?? "")}</span>
          <CopyButton text={of.customer.address ?? ""} what={words.customer.address.toLowerCase()} />
        </p>
      </div>
      <Lazy load={loadRecord} of={{ customer: of.customer.id, beside: of.id }} />
      <h3>{words.customer.conversation}</h3>
      <dl class="panel-facts">
        <dt>{words.customer.channel}</dt>
        <dd class="panel-channel">
          <ChannelGlyph kind={of.channel.kind} size={14} />
          {of.channel.name ?? words.channels[of.channel.kind]}
        </dd>
        {isReadable(of.channel.address) && <dt>{words.customer.receivedAt}</dt>}
        {isReadable(of.channel.address) && (
          <dd class="numbers">{breakable(formatAddress(of.channel.address))}</dd>
        )}
        <dt>{words.customer.status}</dt>
        <dd>{words.statuses[of.status]}</dd>
        {of.subject !== null && <dt>{words.customer.subject}</dt>}
        {of.subject !== null && <dd dir="auto">{marked(of.subject)}</dd>}
        <dt>{words.customer.firstSeen}</dt>
        <dd>
          <When time={of.created_at} />
        </dd>
        <dt>{words.customer.lastSeen}</dt>
        <dd>
          <When time={of.last_message_at} />
        </dd>
        {of.window_expires_at !== null && <dt>{words.customer.window}</dt>}
        {of.window_expires_at !== null && <dd>{windowWords(of.window_expires_at, now.value)}</dd>}
        <dt>{words.customer.reference}</dt>
        <dd class="panel-reference">
          <code>{of.id.slice(0, 12)}…</code>
          <CopyButton text={of.id} what={words.customer.reference.toLowerCase()} />
        </dd>
      </dl>
    </div>
  );
}

/** Whether somebody could write there: a number or a mailbox, not a provider's own id of it. */
function isReadable(address: string): boolean {
  return /^\+|@/u.test(address);
}

/** A mailbox breaks after its @ before it breaks anywhere else. */
function breakable(address: string) {
  const [name = "", host] = address.split("@");
  return host === undefined ? (
    name
  ) : (
    <>
      {name}@<wbr />
      {host}
    </>
  );
}

function When({ time }: { readonly time: string }) {
  return (
    <time class="numbers" dateTime={time} title={exact(time)}>
      {ago(time, now.value)}
    </time>
  );
}

function windowWords(closes: string, present: number): string {
  const left = Date.parse(closes) - present;
  return left <= 0 ? words.customer.windowClosed : words.customer.windowOpen(duration(left));
}

function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => {
      setCopied(false);
    }, 2000);
  };
  return (
    <button
      type="button"
      class="copy"
      aria-label={copied ? words.customer.copied : words.customer.copy(what)}
      onClick={() => void copy()}
    >
      <Icon of={copied ? Check : Copy} size={14} />
    </button>
  );
}
