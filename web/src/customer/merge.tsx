/** Making one customer of two: who is the other one, who stays, and what comes of it. */

import { ArrowUpDown } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { findCustomers, findDuplicates, mergeCustomers } from "../customers/calls";
import { formatAddress } from "../list/names";
import type { CustomerCard, Duplicate } from "../model/customer";
import { Avatar } from "../ui/avatar";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { plainName, within } from "../ui/plain";
import { words } from "../words";
import { faultOf } from "./identities";
import { done } from "./toast";

const TYPING = 250;

interface MergeProps {
  readonly of: CustomerCard;
  readonly onClose: () => void;
}

export default function MergeDialog({ of, onClose }: MergeProps) {
  const [other, setOther] = useState<CustomerCard | null>(null);
  return (
    <Dialog title={words.customers.mergeTitle} onClose={onClose}>
      <div class="merge-body">
        <p class="soft">{words.customers.mergeLead}</p>
        {other === null ? (
          <Choosing of={of} onChoose={setOther} />
        ) : (
          <Preview
            of={of}
            other={other}
            onBack={() => {
              setOther(null);
            }}
            onClose={onClose}
          />
        )}
      </div>
    </Dialog>
  );
}

function Choosing({
  of,
  onChoose,
}: {
  readonly of: CustomerCard;
  readonly onChoose: (card: CustomerCard) => void;
}) {
  const [text, setText] = useState("");
  const [suggested, setSuggested] = useState<readonly Duplicate[]>([]);
  const [found, setFound] = useState<readonly CustomerCard[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    findDuplicates(of.id).then(setSuggested, (error: unknown) => {
      setFault(faultOf(error));
    });
  }, [of.id]);
  useEffect(() => {
    if (text.trim().length < 2) {
      setFound(null);
      return undefined;
    }
    const later = setTimeout(() => {
      findCustomers(text.trim()).then(
        (all) => {
          setFound(all.filter((one) => one.id !== of.id && one.status !== "merged"));
          setFault(null);
        },
        (error: unknown) => {
          setFault(faultOf(error));
        },
      );
    }, TYPING);
    return () => {
      clearTimeout(later);
    };
  }, [text, of.id]);
  return (
    <>
      <div class="field">
        <label for="merge-search">{words.customers.mergeSearch}</label>
        <input
          id="merge-search"
          type="search"
          autocomplete="off"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
          }}
        />
      </div>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
      {found !== null && <h3>{words.customers.mergeFound}</h3>}
      {found?.length === 0 && <p class="soft">{words.customers.mergeNobody}</p>}
      <ul>
        {found?.map((one) => (
          <li key={one.id}>
            <Choice of={one} onChoose={onChoose} />
          </li>
        ))}
      </ul>
      {suggested.length > 0 && <h3>{words.customers.mergeSuggested}</h3>}
      <ul>
        {suggested.map(({ customer, reasons }) => (
          <li key={customer.id}>
            <Choice
              of={customer}
              why={reasons.map((one) => words.customers.reasons[one] ?? one).join(", ")}
              onChoose={onChoose}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

interface ChoiceProps {
  readonly of: CustomerCard;
  readonly why?: string;
  readonly onChoose: (card: CustomerCard) => void;
}

function Choice({ of, why, onChoose }: ChoiceProps) {
  return (
    <button
      type="button"
      class="choice"
      onClick={() => {
        onChoose(of);
      }}
    >
      <Who of={of} />
      {why !== undefined && <span class="soft">{why}</span>}
    </button>
  );
}

function Who({ of }: { readonly of: CustomerCard }) {
  const addresses = of.identities.map((one) => formatAddress(one.value)).join(", ");
  return (
    <>
      <Avatar id={of.id} name={cardName(of)} />
      <span>
        <strong dir="auto">{cardName(of)}</strong>
        <span class="soft">{addresses}</span>
      </span>
    </>
  );
}

/** What to call a customer of whom the whole card is known. */
export function cardName(of: CustomerCard): string {
  const address = of.identities[0]?.value;
  return (
    plainName(of.name) ??
    plainName(of.business_name) ??
    (address === undefined ? words.customer.nobody : formatAddress(address))
  );
}

interface PreviewProps {
  readonly of: CustomerCard;
  readonly other: CustomerCard;
  readonly onBack: () => void;
  readonly onClose: () => void;
}

function Preview({ of, other, onBack, onClose }: PreviewProps) {
  const [swapped, setSwapped] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [stays, goes] = swapped ? [other, of] : [of, other];
  const together = new Set([...stays.label_ids, ...goes.label_ids]).size;
  const merge = async () => {
    setBusy(true);
    try {
      const { merge: made } = await mergeCustomers(stays.id, goes.id);
      done.value = { text: words.customers.mergeDone(within(cardName(goes))), merge: made.id };
      onClose();
    } catch (error) {
      setFault(faultOf(error));
      setBusy(false);
    }
  };
  return (
    <>
      <h3>{words.customers.mergeStays}</h3>
      <div class="choice">
        <Who of={stays} />
      </div>
      <h3>{words.customers.mergeGoes}</h3>
      <div class="choice">
        <Who of={goes} />
      </div>
      <p>
        {words.customers.mergeResult(
          words.customers.addressCount(stays.identities.length + goes.identities.length),
          words.customers.labelCount(together),
        )}
      </p>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
      <div class="merge-foot">
        <button type="button" class="button primary" disabled={busy} onClick={() => void merge()}>
          {words.customers.mergeDo}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            setSwapped(!swapped);
          }}
        >
          <Icon of={ArrowUpDown} />
          {words.customers.mergeSwap}
        </button>
        <button type="button" class="button quiet" onClick={onBack}>
          {words.customers.cancel}
        </button>
      </div>
    </>
  );
}
