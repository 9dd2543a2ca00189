/** A form made from a JSON Schema: a field for each property. Secrets go in and never come out. */

import { useId } from "preact/hooks";
import { words } from "../words";
import type { Field, Schema, Typed } from "./types";
import { isShown, type Refusal } from "./values";

interface FieldsProps {
  readonly schema: Schema;
  readonly typed: Typed;
  readonly onType: (typed: Typed) => void;
  readonly refusal: Refusal | null;
  /** Names of what is stored already; null on a new connection. */
  readonly stored: readonly string[] | null;
}

export function Fields({ schema, typed, onType, refusal, stored }: FieldsProps) {
  return (
    <div class="fields">
      {Object.entries(schema.properties)
        .filter(([name]) => isShown(name))
        .map(([name, field]) => (
          <OneField
            key={name}
            name={name}
            field={field}
            value={typed[name] ?? ""}
            required={stored === null && schema.required.includes(name)}
            isSet={stored?.includes(name) === true}
            fault={refusal?.fields[name]}
            onInput={(value) => {
              onType({ ...typed, [name]: value });
            }}
          />
        ))}
    </div>
  );
}

interface OneFieldProps {
  readonly name: string;
  readonly field: Field;
  readonly value: string;
  readonly required: boolean;
  readonly isSet: boolean;
  readonly fault: string | undefined;
  readonly onInput: (value: string) => void;
}

export function OneField({ name, field, value, required, isSet, fault, onInput }: OneFieldProps) {
  const id = useId();
  const notes = [field.description, hintOf(field), isSet ? words.settings.isSet : ""].filter(
    (note) => note !== "",
  );
  return (
    <div class="field" data-field={name}>
      <label for={id}>
        {field.title}
        {!required && <span class="field-optional"> {words.settings.optional}</span>}
      </label>
      <Control
        id={id}
        name={name}
        field={field}
        value={value}
        required={required}
        isSet={isSet}
        fault={fault}
        onInput={onInput}
      />
      <p class="field-note" id={`${id}-note`}>
        {notes.join(" ")}
      </p>
      {fault !== undefined && (
        <p class="field-fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

type ControlProps = OneFieldProps & { readonly id: string };

function Control({ id, name, field, value, required, isSet, fault, onInput }: ControlProps) {
  const shared = {
    id,
    name,
    required,
    "aria-invalid": fault !== undefined,
    "aria-describedby": fault === undefined ? `${id}-note` : `${id}-note ${id}-fault`,
  };
  if (field.enum !== undefined || field.type === "boolean") {
    const unchosen = isSet ? words.settings.unchanged : defaultOf(field);
    const choices = (field.enum ?? ["true", "false"]).filter(
      (choice) => choice !== unchosen || choice === value,
    );
    return (
      <select
        {...shared}
        value={value}
        onChange={(event) => {
          onInput(event.currentTarget.value);
        }}
      >
        <option value="">{unchosen}</option>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  }
  const input = (event: { readonly currentTarget: { readonly value: string } }) => {
    onInput(event.currentTarget.value);
  };
  if (field.type === "array" || field.type === "object" || isKeyFile(name)) {
    return (
      <textarea {...shared} rows={3} spellcheck={false} autocomplete="off" value={value} onInput={input} />
    );
  }
  const typed = { ...shared, spellcheck: false, value, onInput: input };
  if (field.writeOnly === true) return <input {...typed} type="password" autocomplete="new-password" />;
  return (
    <input
      {...typed}
      type="text"
      autocomplete="off"
      placeholder={field.default === undefined ? "" : defaultOf(field)}
    />
  );
}

// A password field would drop the line ends that these consist of.
function isKeyFile(name: string): boolean {
  return name === "private_key" || name.endsWith("_pem");
}

function defaultOf(field: Field): string {
  const value = field.default;
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : words.settings.choice;
}

function hintOf(field: Field): string {
  if (field.type === "array") return words.settings.onePerLine;
  return field.type === "object" ? words.settings.asJson : "";
}
