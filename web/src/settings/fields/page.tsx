/** Settings → Customer fields: what the workspace keeps of customers beside what everybody keeps. */

import { Plus } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { post, send } from "../../api";
import { faultOf } from "../../customer/identities";
import { readFields } from "../../customers/calls";
import { fields } from "../../customers/known";
import type { CustomField, FieldType } from "../../model/customer";
import { may } from "../../permissions";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { words } from "../../words";
import { Screen } from "../screen";
import "../../ui/form.css";
import "./fields.css";

const TYPES: readonly FieldType[] = ["text", "number", "date", "boolean", "choice"];

type Doing =
  | { readonly what: "edit"; readonly field: CustomField | null }
  | { readonly what: "remove"; readonly field: CustomField };

export default function FieldsPage() {
  const [doing, setDoing] = useState<Doing | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    readFields().catch((error: unknown) => {
      setFault(faultOf(error));
    });
  }, []);
  const close = () => {
    setDoing(null);
  };
  const write = may("workspace.write");
  const action = write && (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        setDoing({ what: "edit", field: null });
      }}
    >
      <Icon of={Plus} />
      {words.customers.fieldNew}
    </button>
  );
  return (
    <Screen title={words.customers.fieldsTitle} lead={words.customers.fieldsLead} action={action}>
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
      {fields.value?.length === 0 && <p class="settings-note">{words.customers.fieldsNone}</p>}
      <ul class="cards">
        {fields.value?.map((one) => (
          <li key={one.id} class="card field-card">
            <span class="card-name">
              <strong>{one.name}</strong>
              <code>{one.key}</code>
            </span>
            <span class="card-address">
              {words.customers.fieldTypes[one.type]}
              {one.choices.length > 0 && `: ${one.choices.join(", ")}`}
            </span>
            {write && (
              <span class="card-marks">
                <button
                  type="button"
                  class="button quiet"
                  onClick={() => {
                    setDoing({ what: "edit", field: one });
                  }}
                >
                  {words.customers.change}
                </button>
                <button
                  type="button"
                  class="button quiet danger"
                  onClick={() => {
                    setDoing({ what: "remove", field: one });
                  }}
                >
                  {words.customers.remove}
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {doing?.what === "edit" && <EditDialog of={doing.field} onClose={close} />}
      {doing?.what === "remove" && <RemoveDialog of={doing.field} onClose={close} />}
    </Screen>
  );
}

function EditDialog({ of, onClose }: { readonly of: CustomField | null; readonly onClose: () => void }) {
  const [type, setType] = useState<FieldType>(of?.type ?? "text");
  const [fault, setFault] = useState<string | null>(null);
  const keep = async (form: HTMLFormElement) => {
    const given = new FormData(form);
    const text = (name: string) => {
      const value = given.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    const choices = text("choices")
      .split("\n")
      .map((one) => one.trim())
      .filter(Boolean);
    const common = { name: text("name"), position: Number(text("position")) || 0 };
    try {
      if (of === null) await post("/custom-fields", { ...common, key: text("key"), type, choices });
      else
        await post(
          `/custom-fields/${of.id}`,
          { ...common, ...(type === "choice" ? { choices } : {}) },
          "PATCH",
        );
      onClose();
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  return (
    <Dialog title={of === null ? words.customers.fieldNew : of.name} onClose={onClose}>
      <form
        class="dialog-text settings-form"
        onSubmit={(event) => {
          event.preventDefault();
          void keep(event.currentTarget);
        }}
      >
        <div class="field">
          <label for="field-name">{words.customers.name}</label>
          <input id="field-name" name="name" required maxLength={200} defaultValue={of?.name ?? ""} />
        </div>
        {of === null && (
          <>
            <div class="field">
              <label for="field-key">{words.customers.fieldKey}</label>
              <input
                id="field-key"
                name="key"
                required
                pattern="[a-z][a-z0-9_]*"
                maxLength={40}
                autocomplete="off"
              />
              <p class="soft">{words.customers.fieldKeyNote}</p>
            </div>
            <div class="field">
              <label for="field-type">{words.customers.fieldType}</label>
              <select
                id="field-type"
                value={type}
                onChange={(event) => {
                  setType(event.currentTarget.value as FieldType);
                }}
              >
                {TYPES.map((one) => (
                  <option key={one} value={one}>
                    {words.customers.fieldTypes[one]}
                  </option>
                ))}
              </select>
            </div>
          </>
        )}
        {type === "choice" && (
          <div class="field">
            <label for="field-choices">{words.customers.fieldChoices}</label>
            <textarea
              id="field-choices"
              name="choices"
              rows={4}
              required
              defaultValue={of?.choices.join("\n") ?? ""}
            />
            <p class="soft">{words.customers.fieldChoicesNote}</p>
          </div>
        )}
        <div class="field">
          <label for="field-position">{words.customers.fieldPosition}</label>
          <input
            id="field-position"
            name="position"
            type="number"
            min={0}
            max={10000}
            defaultValue={`${of?.position ?? 0}`}
          />
        </div>
        {fault !== null && (
          <p class="form-refusal" role="alert">
            {fault}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary">
            {words.customers.save}
          </button>
          <button type="button" class="button quiet" onClick={onClose}>
            {words.customers.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function RemoveDialog({ of, onClose }: { readonly of: CustomField; readonly onClose: () => void }) {
  const [fault, setFault] = useState<string | null>(null);
  const remove = async () => {
    try {
      await send(`/custom-fields/${of.id}`, { method: "DELETE" });
      onClose();
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  return (
    <Dialog title={words.customers.fieldRemoveTitle(of.name)} onClose={onClose}>
      <div class="dialog-text">
        <p>{words.customers.fieldRemoveLead}</p>
        {fault !== null && (
          <p class="form-refusal" role="alert">
            {fault}
          </p>
        )}
        <div class="actions">
          <button type="button" class="button danger" onClick={() => void remove()}>
            {words.customers.remove}
          </button>
          <button type="button" class="button quiet" onClick={onClose}>
            {words.customers.cancel}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
