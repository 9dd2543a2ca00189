/** The head of a mail that is being written: its subject, and who gets a copy. */

import { Pencil, X } from "lucide";
import { useState } from "preact/hooks";
import type { Conversation } from "../model/types";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { channels } from "../workspace";
import { apart, isAddress, joined, othersOf } from "./addresses";
import { answered } from "./answered";
import { draftOf, write } from "./drafts";

type Copies = "cc" | "bcc";

export function MailHead({ of }: { readonly of: Conversation }) {
  const draft = draftOf(of.id);
  const [opened, setOpened] = useState<readonly Copies[]>([]);
  const shown = (["cc", "bcc"] as const).filter((one) => opened.includes(one) || draft[one].length > 0);
  const hidden = (["cc", "bcc"] as const).filter((one) => !shown.includes(one));
  return (
    <>
      <div class="composer-subject">
        <Subject of={of} />
        <span class="composer-more">
          {draft.cc.length === 0 && <ReplyAll of={of} />}
          {hidden.map((one) => (
            <button
              key={one}
              type="button"
              class="composer-add"
              onClick={() => {
                setOpened([...opened, one]);
              }}
            >
              {words.composer[one]}
            </button>
          ))}
        </span>
      </div>
      {shown.map((one) => (
        <CopiesField key={one} of={of} name={one} focus={opened.includes(one)} />
      ))}
    </>
  );
}

// Whoever else got the mail that is answered; the gateway's own mailboxes get it anyway.
function ReplyAll({ of }: { readonly of: Conversation }) {
  const mail = answered(of);
  if (mail === null) return null;
  const own = [of.channel, ...channels.value].map(({ address }) => address);
  const others = othersOf(mail, [...own, of.customer.address ?? ""]);
  if (others.length === 0) return null;
  return (
    <button
      type="button"
      class="composer-add"
      title={others.join(", ")}
      onClick={() => {
        write(of.id, { cc: others });
      }}
    >
      {words.composer.replyAll}
    </button>
  );
}

interface CopiesProps {
  readonly of: Conversation;
  readonly name: Copies;
  /** Whether somebody has just asked for it. */
  readonly focus: boolean;
}

function CopiesField({ of, name, focus }: CopiesProps) {
  const all = draftOf(of.id)[name];
  const [typed, setTyped] = useState("");
  const put = (next: readonly string[]) => {
    write(of.id, { [name]: next });
  };
  const take = () => {
    if (typed.trim() !== "") put(joined(all, apart(typed)));
    setTyped("");
  };
  const press = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Enter" || ((event.key === " " || event.key === ";") && isAddress(typed.trim()))) {
      event.preventDefault();
      take();
    } else if (event.key === "Backspace" && typed === "") {
      put(all.slice(0, -1));
    }
  };
  return (
    <div class="composer-subject composer-copies">
      <label class="composer-name" for={`composer-${name}`}>
        {words.composer[name]}
      </label>
      {all.map((one) => (
        <span key={one} class={isAddress(one) ? "composer-address" : "composer-address wrong"}>
          {one}
          <button
            type="button"
            aria-label={words.composer.removeFile(one)}
            onClick={() => {
              put(all.filter((other) => other !== one));
            }}
          >
            <Icon of={X} size={12} />
          </button>
        </span>
      ))}
      <input
        id={`composer-${name}`}
        type="text"
        inputMode="email"
        autocomplete="off"
        autocapitalize="off"
        value={typed}
        placeholder={all.length === 0 ? words.composer.addresses : ""}
        ref={(element) => {
          if (focus && all.length === 0 && typed === "" && document.activeElement === document.body) {
            element?.focus();
          }
        }}
        onInput={(event) => {
          const { value } = event.currentTarget;
          if (!/[,;\n]/u.test(value)) {
            setTyped(value);
            return;
          }
          put(joined(all, apart(value)));
          setTyped("");
        }}
        onKeyDown={press}
        onBlur={take}
      />
    </div>
  );
}

function Subject({ of }: { readonly of: Conversation }) {
  const { subject } = draftOf(of.id);
  const usual = /^re:/iu.test(of.subject ?? "") ? (of.subject ?? "") : `Re: ${of.subject ?? ""}`.trim();
  const [open, setOpen] = useState(false);
  if (subject === null && !open) {
    return (
      <>
        <span class="composer-name">{words.composer.subject}</span>
        <button
          type="button"
          class="composer-subject-text"
          onClick={() => {
            setOpen(true);
          }}
        >
          <span>{usual}</span>
          <Icon of={Pencil} size={12} />
        </button>
      </>
    );
  }
  return (
    <label class="composer-subject-field">
      <span class="composer-name">{words.composer.subject}</span>
      <input
        value={subject ?? usual}
        maxLength={900}
        ref={(element) => {
          if (open && subject === null) element?.focus();
        }}
        onInput={(event) => {
          write(of.id, { subject: event.currentTarget.value });
        }}
        onBlur={(event) => {
          setOpen(false);
          const given = event.currentTarget.value.trim();
          if (given === "" || given === usual) write(of.id, { subject: null });
        }}
      />
    </label>
  );
}
