/** Adding a customer by hand. */

import { useState } from "preact/hooks";
import { faultOf } from "../customer/identities";
import type { IdentityKind } from "../model/customer";
import { go } from "../route";
import { Dialog } from "../ui/dialog";
import { words } from "../words";
import { addCustomer } from "./calls";
import "../ui/form.css";

export function AddDialog({ onClose }: { readonly onClose: () => void }) {
  const [fault, setFault] = useState<string | null>(null);
  const add = async (form: HTMLFormElement) => {
    const given = new FormData(form);
    const text = (name: string) => {
      const value = given.get(name);
      return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
    };
    const value = text("value");
    const kind = text("kind") as IdentityKind;
    try {
      const { id } = await addCustomer({
        name: text("name"),
        identities: value === null ? [] : [{ kind, value }],
      });
      onClose();
      go({ place: id });
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  return (
    <Dialog title={words.customers.newCustomer} onClose={onClose}>
      <form
        class="merge-body"
        onSubmit={(event) => {
          event.preventDefault();
          void add(event.currentTarget);
        }}
      >
        <div class="field">
          <label for="new-name">{words.customers.name}</label>
          <input id="new-name" name="name" autocomplete="off" maxLength={200} />
        </div>
        <div class="field">
          <label for="new-kind">{words.customers.addressKind}</label>
          <select id="new-kind" name="kind">
            {(["phone", "whatsapp", "email"] as const).map((one) => (
              <option key={one} value={one}>
                {words.customers.kinds[one]}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="new-value">{words.customers.addressValue}</label>
          <input id="new-value" name="value" autocomplete="off" />
        </div>
        {fault !== null && (
          <p class="record-fault" role="alert">
            {fault}
          </p>
        )}
        <div class="merge-foot">
          <button type="submit" class="button primary">
            {words.customers.add}
          </button>
          <button type="button" class="button quiet" onClick={onClose}>
            {words.customers.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
