/** A field of the form: its name, what it is for, and what is wrong with it. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

const TEXT = { type: "text", autocomplete: "off" } as const;
const PASSWORD = { type: "password", autocomplete: "new-password" } as const;

interface CommonProps {
  readonly label: string;
  readonly name: string;
  readonly note?: string | undefined;
  readonly fault?: string | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

interface InputProps extends CommonProps {
  readonly secret?: boolean;
  readonly numeric?: boolean;
  readonly required?: boolean;
}

export function InputField({ secret = false, numeric = false, required = false, ...of }: InputProps) {
  return (
    <Framed {...of}>
      {(wiring) => (
        <input
          {...wiring}
          {...(secret ? PASSWORD : TEXT)}
          required={required}
          inputMode={numeric ? "decimal" : undefined}
          spellcheck={false}
          value={of.value}
          onInput={(event) => {
            of.onChange(event.currentTarget.value);
          }}
        />
      )}
    </Framed>
  );
}

export function LinesField(of: CommonProps) {
  return (
    <Framed {...of}>
      {(wiring) => (
        <textarea
          {...wiring}
          rows={3}
          spellcheck={false}
          value={of.value}
          onInput={(event) => {
            of.onChange(event.currentTarget.value);
          }}
        />
      )}
    </Framed>
  );
}

interface SelectProps extends CommonProps {
  readonly options: Readonly<Record<string, string>>;
}

export function SelectField({ options, ...of }: SelectProps) {
  return (
    <Framed {...of}>
      {(wiring) => (
        <select
          {...wiring}
          value={of.value}
          onChange={(event) => {
            of.onChange(event.currentTarget.value);
          }}
        >
          {Object.entries(options).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Framed>
  );
}

interface Wiring {
  readonly id: string;
  readonly name: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string;
}

interface FramedProps extends Pick<CommonProps, "label" | "name" | "note" | "fault"> {
  readonly children: (wiring: Wiring) => ComponentChildren;
}

function Framed({ label, name, note, fault, children }: FramedProps) {
  const id = useId();
  const wiring = {
    id,
    name,
    "aria-invalid": fault !== undefined,
    "aria-describedby": `${id}-note ${id}-fault`,
  };
  return (
    <div class="field" data-field={name}>
      <label for={id}>{label}</label>
      {children(wiring)}
      <p class="field-note" id={`${id}-note`}>
        {note}
      </p>
      <p class="field-fault" id={`${id}-fault`}>
        {fault}
      </p>
    </div>
  );
}
