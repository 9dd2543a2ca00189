/** Where one writes: one field that knows its channel, and a note beside it. */

import {
  CornerDownRight,
  Lock,
  MessageSquareQuote,
  Paperclip,
  Reply as ReplyIcon,
  Send,
  SlidersHorizontal,
  StickyNote,
  X,
} from "lucide";
import { signal } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import { nameOf } from "../list/names";
import type { Conversation } from "../model/types";
import { may } from "../permissions";
import { Icon } from "../ui/icon";
import { Lazy } from "../ui/lazy";
import { Menu, MenuItem } from "../ui/menu";
import { within } from "../ui/plain";
import { now } from "../ui/time";
import { words } from "../words";
import { channels } from "../workspace";
import { capabilitiesOf, longest, type Capabilities } from "./capabilities";
import { isReady, quoteOf, sendNote, sendReply, sendTemplate, wrongAddress } from "./compose";
import { draftOf, write } from "./drafts";
import { chooseEnter, enterSends } from "./enter";
import { Field, focusField } from "./field";
import { attach, filesOf } from "./files";
import { Hint } from "./hint";
import { History } from "./history";
import { MailHead } from "./mailhead";
import { mode, type Mode } from "./mode";
import { sentCount } from "./outbox";
import { quoting, unquote } from "./quoting";
import { Uploads } from "./uploads";
import { windowOf } from "./window";
import "./composer.css";

const loadPicker = () => import("./picker");

const picking = signal(false);

export function Composer({ of }: { readonly of: Conversation }) {
  const canReply = may("messages.send");
  const canNote = may("conversations.write");
  if (!canReply && !canNote) {
    return (
      <p class="composer-closed">
        <Icon of={Lock} size={14} />
        {words.composer.readOnly}
      </p>
    );
  }
  const chosen: Mode = !canReply ? "note" : !canNote ? "reply" : mode.value;
  const able = capabilitiesOf(of.channel.provider);
  return (
    <Dropped of={of} into={chosen === "reply" ? able : null} class={`composer for-${chosen}`}>
      {canReply && canNote && <Modes chosen={chosen} />}
      {chosen === "reply" ? <Reply of={of} able={able} /> : <Note of={of} />}
      {picking.value && <Picker of={of} />}
    </Dropped>
  );
}

function Modes({ chosen }: { readonly chosen: Mode }) {
  const tab = (one: Mode, icon: typeof ReplyIcon, label: string) => (
    <button
      type="button"
      class="composer-mode"
      aria-pressed={chosen === one}
      onClick={() => {
        mode.value = one;
        focusField();
      }}
    >
      <Icon of={icon} size={14} />
      {label}
    </button>
  );
  return (
    <div class="composer-modes" role="group" aria-label={words.composer.mode}>
      {tab("reply", ReplyIcon, words.composer.reply)}
      {tab("note", StickyNote, words.composer.note)}
    </div>
  );
}

interface ReplyProps {
  readonly of: Conversation;
  readonly able: Capabilities | null;
}

function Reply({ of, able }: ReplyProps) {
  const window = windowOf(of, able?.window_hours ?? null, now.value);
  if (window.state === "closed") return <Closed of={of} />;
  const draft = draftOf(of.id);
  const { text } = draft;
  const wrong = wrongAddress(draft);
  const turn = `${of.id} ${sentCount.value}`; // what was unfolded for one mail is folded again for the next
  const files = filesOf(of.id);
  const most = longest(able, of.channel.kind, files.length);
  const over = most === null ? 0 : Math.max(0, Array.from(text).length - most);
  const crowded = able !== null && files.length > able.most_files;
  const ready = isReady(of, "reply") && over === 0 && !crowded;
  const go = () => {
    if (ready) sendReply(of);
  };
  return (
    <>
      {of.channel.kind === "email" && <MailHead key={turn} of={of} />}
      <Quote />
      <Field
        key={of.id}
        conversation={of.id}
        mode="reply"
        value={text}
        label={words.composer.replyTo(within(nameOf(of.customer)))}
        onInput={(text) => {
          write(of.id, { text });
        }}
        onSend={go}
        onFiles={(chosen) => {
          if (able === null || able.most_files > 0) void attach(of.id, chosen);
        }}
      />
      <History key={turn} of={of} />
      <Uploads of={of.id} />
      {wrong !== null && <p class="composer-fault">{words.composer.wrongAddress(wrong)}</p>}
      {crowded && (
        <p class="composer-fault" role="alert">
          {able.most_files === 0 ? words.composer.noFiles : words.composer.tooManyFiles(able.most_files)}
        </p>
      )}
      <footer class="composer-foot">
        {(able === null || able.most_files > 0) && <Attach of={of.id} />}
        {able?.templates === true && (
          <button
            type="button"
            class="button quiet square"
            aria-label={words.composer.choose}
            title={words.composer.choose}
            onClick={() => {
              picking.value = true;
            }}
          >
            <Icon of={MessageSquareQuote} />
          </button>
        )}
        <Options />
        <Hint channel={of.channel.kind} text={text} over={over} window={window} />
        <SendButton label={words.composer.send} ready={ready} onSend={go} />
      </footer>
    </>
  );
}

function Note({ of }: { readonly of: Conversation }) {
  const ready = isReady(of, "note");
  const go = () => {
    if (ready) sendNote(of);
  };
  return (
    <>
      <Field
        key={of.id}
        conversation={of.id}
        mode="note"
        value={draftOf(of.id).note}
        label={words.composer.notePlaceholder}
        onInput={(note) => {
          write(of.id, { note });
        }}
        onSend={go}
      />
      <footer class="composer-foot">
        <Options />
        <span class="composer-hint" />
        <SendButton label={words.composer.addNote} ready={ready} onSend={go} />
      </footer>
    </>
  );
}

function Closed({ of }: { readonly of: Conversation }) {
  return (
    <div class="composer-window">
      <p>{words.composer.windowClosed}</p>
      <button
        type="button"
        class="button primary"
        onClick={() => {
          picking.value = true;
        }}
      >
        <Icon of={MessageSquareQuote} />
        {words.composer.choose}
      </button>
      {draftOf(of.id).text !== "" && <p class="composer-kept">{draftOf(of.id).text}</p>}
    </div>
  );
}

function Picker({ of }: { readonly of: Conversation }) {
  const connection = channels.value.find(({ id }) => id === of.channel.id)?.connection_id;
  const close = () => {
    picking.value = false;
    focusField();
  };
  if (connection === undefined) return null;
  return (
    <Lazy
      load={loadPicker}
      of={{
        connection,
        onClose: close,
        onSend: (template, text, files) => {
          close();
          sendTemplate(of, template, text, files);
        },
      }}
    />
  );
}

function Quote() {
  const message = quoting.value;
  if (message === null) return null;
  return (
    <p class="composer-quote">
      <Icon of={CornerDownRight} size={14} label={words.composer.quoting} />
      <span>{quoteOf(message)}</span>
      <button
        type="button"
        class="button quiet square small"
        aria-label={words.composer.unquote}
        onClick={unquote}
      >
        <Icon of={X} size={14} />
      </button>
    </p>
  );
}

function Attach({ of }: { readonly of: string }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="button quiet square"
        aria-label={words.composer.attach}
        title={words.composer.attach}
        onClick={() => input.current?.click()}
      >
        <Icon of={Paperclip} />
      </button>
      <input
        ref={input}
        class="composer-files"
        type="file"
        multiple
        tabIndex={-1}
        aria-label={words.composer.attach}
        onChange={(event) => {
          void attach(of, [...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
          focusField();
        }}
      />
    </>
  );
}

function Options() {
  const choose = (sends: boolean) => () => {
    chooseEnter(sends);
  };
  return (
    <Menu
      label={words.composer.options}
      class="button quiet square"
      side="above"
      face={<Icon of={SlidersHorizontal} />}
    >
      <MenuItem checked={enterSends.value} onSelect={choose(true)}>
        {words.composer.enterSends}
      </MenuItem>
      <MenuItem checked={!enterSends.value} onSelect={choose(false)}>
        {words.composer.enterBreaks}
      </MenuItem>
    </Menu>
  );
}

interface SendButtonProps {
  readonly label: string;
  readonly ready: boolean;
  readonly onSend: () => void;
}

function SendButton({ label, ready, onSend }: SendButtonProps) {
  return (
    <button
      type="button"
      class="button primary composer-send"
      aria-label={label}
      aria-disabled={!ready}
      onClick={() => {
        onSend();
        focusField();
      }}
    >
      <Icon of={Send} />
      <span>{label}</span>
    </button>
  );
}

interface DroppedProps {
  readonly of: Conversation;
  /** What takes the files; null where none are taken. */
  readonly into: Capabilities | null;
  readonly class: string;
  readonly children: preact.ComponentChildren;
}

function Dropped({ of, into, class: name, children }: DroppedProps) {
  const [over, setOver] = useState(false);
  const takes = into !== null && into.most_files > 0;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- for files from a mouse; by key there is a button
    <section
      class={over ? `${name} over` : name}
      aria-label={words.composer.pane}
      onDragOver={(event) => {
        if (!takes || event.dataTransfer?.types.includes("Files") !== true) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        const files = [...(event.dataTransfer?.files ?? [])];
        if (!takes || files.length === 0) return;
        event.preventDefault();
        void attach(of.id, files);
      }}
    >
      {children}
      {over && <p class="composer-drop">{words.composer.attachDrop}</p>}
    </section>
  );
}
