/** One customer, beside the list; on a phone instead of it. */

import { ArrowLeft, Trash2, X } from "lucide";
import { useState } from "preact/hooks";
import { cardName } from "../customer/merge";
import Record from "../customer/record";
import { faultOf } from "../customer/identities";
import { may } from "../permissions";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { removeCustomer } from "./calls";
import { cards } from "./known";

interface PaneProps {
  readonly customer: string;
  readonly onClose: () => void;
}

export function CustomerPane({ customer, onClose }: PaneProps) {
  const [asking, setAsking] = useState(false);
  const card = cards.value.get(customer);
  return (
    <aside class="customer-pane" aria-label={words.customer.label}>
      <header class="customer-pane-head">
        <button
          type="button"
          class="button quiet square only-phone"
          aria-label={words.customers.back}
          onClick={onClose}
        >
          <Icon of={ArrowLeft} />
        </button>
        <h2 dir="auto">{card === undefined ? "" : cardName(card)}</h2>
        {card !== undefined && card.status !== "merged" && may("customers.write") && (
          <button
            type="button"
            class="button quiet square"
            aria-label={words.customers.delete}
            title={words.customers.delete}
            onClick={() => {
              setAsking(true);
            }}
          >
            <Icon of={Trash2} />
          </button>
        )}
        <button
          type="button"
          class="button quiet square only-desk"
          aria-label={words.customer.close}
          onClick={onClose}
        >
          <Icon of={X} />
        </button>
      </header>
      <div class="customer-pane-body">
        <Record customer={customer} beside={null} />
      </div>
      {asking && (
        <RemoveDialog
          customer={customer}
          onClose={() => {
            setAsking(false);
          }}
          onDone={onClose}
        />
      )}
    </aside>
  );
}

interface RemoveProps {
  readonly customer: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function RemoveDialog({ customer, onClose, onDone }: RemoveProps) {
  const [fault, setFault] = useState<string | null>(null);
  const remove = async () => {
    try {
      await removeCustomer(customer);
      onDone();
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  return (
    <Dialog title={words.customers.deleteTitle} onClose={onClose}>
      <div class="merge-body">
        <p>{words.customers.deleteLead}</p>
        <p>
          {may("customers.privacy")
            ? words.customers.deleteKeeps(words.privacy.erase)
            : words.customers.deleteKeepsAll}
        </p>
        {fault !== null && (
          <p class="record-fault" role="alert">
            {fault}
          </p>
        )}
        <div class="merge-foot">
          <button type="button" class="button danger" onClick={() => void remove()}>
            {words.customers.deleteDo}
          </button>
          <button type="button" class="button quiet" onClick={onClose}>
            {words.customers.cancel}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
