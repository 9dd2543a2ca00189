/** How a customer can be reached: each address with its kind, to be added and taken off. */

import { Fingerprint, Mail, MessageCircle, Phone, X, type IconNode } from "lucide";
import { useState } from "preact/hooks";
import { addIdentity, removeIdentity } from "../customers/calls";
import { ChangedMeanwhile } from "../meanwhile";
import { formatAddress } from "../list/names";
import type { CustomerCard, Identity, IdentityKind } from "../model/customer";
import { Icon } from "../ui/icon";
import { words } from "../words";

const GLYPHS: Readonly<Record<IdentityKind, readonly [IconNode, string]>> = {
  phone: [Phone, "sms"],
  whatsapp: [MessageCircle, "whatsapp"],
  email: [Mail, "email"],
  bsuid: [Fingerprint, "whatsapp"],
};

export function Identities({ of, fixed }: { readonly of: CustomerCard; readonly fixed: boolean }) {
  const [fault, setFault] = useState<string | null>(null);
  const remove = async (identity: Identity) => {
    try {
      await removeIdentity(of.id, identity);
      setFault(null);
    } catch {
      setFault(words.customers.failed);
    }
  };
  return (
    <section>
      <h3>{words.customers.addresses}</h3>
      <ul>
        {of.identities.map((one) => (
          <li key={`${one.kind} ${one.value}`} class="identity">
            <span class={`channel-glyph ${GLYPHS[one.kind][1]}`}>
              <Icon of={GLYPHS[one.kind][0]} size={14} label={words.customers.kinds[one.kind] ?? one.kind} />
            </span>
            <span>{formatAddress(one.value)}</span>
            {!fixed && (
              <button
                type="button"
                class="copy"
                aria-label={words.customers.removeAddress(one.value)}
                onClick={() => void remove(one)}
              >
                <Icon of={X} size={14} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
      {!fixed && <AddIdentity of={of} />}
    </section>
  );
}

function AddIdentity({ of }: { readonly of: CustomerCard }) {
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<IdentityKind>("phone");
  const [fault, setFault] = useState<string | null>(null);
  const add = async (form: HTMLFormElement) => {
    const value = new FormData(form).get("value");
    try {
      await addIdentity(of.id, { kind, value: typeof value === "string" ? value : "" });
      setOpen(false);
      setFault(null);
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  if (!open) {
    return (
      <button
        type="button"
        class="link record-add"
        onClick={() => {
          setOpen(true);
        }}
      >
        {words.customers.addAddress}
      </button>
    );
  }
  return (
    <form
      class="record-form"
      onSubmit={(event) => {
        event.preventDefault();
        void add(event.currentTarget);
      }}
    >
      <div class="pair">
        <div class="field">
          <select
            aria-label={words.customers.addressKind}
            value={kind}
            onChange={(event) => {
              setKind(event.currentTarget.value as IdentityKind);
            }}
          >
            {(["phone", "whatsapp", "email"] as const).map((one) => (
              <option key={one} value={one}>
                {words.customers.kinds[one]}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <input name="value" required aria-label={words.customers.addressValue} autocomplete="off" />
        </div>
      </div>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="button primary">
          {words.customers.add}
        </button>
        <button
          type="button"
          class="button quiet"
          onClick={() => {
            setOpen(false);
          }}
        >
          {words.customers.cancel}
        </button>
      </div>
    </form>
  );
}

/** What the gateway says is wrong, in its words, without the ids that it names for programs. */
export function faultOf(error: unknown): string {
  if (error instanceof ChangedMeanwhile) return words.customers.meanwhile;
  const { faults = [], message = "" } = error as { faults?: readonly { detail: string }[]; message?: string };
  const said = faults.length > 0 ? faults.map((one) => one.detail).join("; ") : message;
  return said.replace(/ \(cus_[0-9a-f]{32}\)/gu, "") || words.customers.failed;
}
