/** One line of a card, changed where it stands: a press opens it, Enter keeps it, Escape leaves it as it was. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ChangedMeanwhile } from "../meanwhile";
import { marked } from "../ui/plain";
import { words } from "../words";

interface LineProps {
  readonly title: string;
  readonly value: string;
  /** What to show where the value itself is not for people. */
  readonly shown?: string;
  readonly type?: "text" | "number" | "date";
  /** Only these, with what to call each; the empty one is none of them. */
  readonly choices?: readonly { readonly value: string; readonly name: string }[];
  readonly fixed: boolean;
  /** Rejects with what is wrong, which is then said below. */
  readonly onChange: (value: string) => Promise<unknown>;
}

export function Line({
  title: named,
  value,
  shown: told,
  type = "text",
  choices,
  fixed,
  onChange,
}: LineProps) {
  const [title, shown] = [marked(named), marked(told ?? value)];
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [again, setAgain] = useState<string | null>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const keep = async (next: string) => {
    setOpen(false);
    setFault(null);
    setAgain(null);
    if (next === value) return;
    try {
      await onChange(next);
    } catch (error) {
      if (error instanceof ChangedMeanwhile) setAgain(next);
      else setFault(error instanceof Error && error.message !== "" ? error.message : words.customers.failed);
    }
  };
  const leave = () => {
    setOpen(false);
    setTimeout(() => opener.current?.focus());
  };
  if (fixed) {
    return (
      <div class="line">
        <span>{title}</span>
        <span class={shown === "" ? "line-value empty" : "line-value"} dir="auto">
          {shown || words.customers.empty}
        </span>
      </div>
    );
  }
  return (
    <div>
      <div class="line">
        {open ? <label for={id}>{title}</label> : <span>{title}</span>}
        {open && <Field id={id} value={value} type={type} choices={choices} onKeep={keep} onLeave={leave} />}
        {!open && (
          <button
            type="button"
            ref={opener}
            dir="auto"
            class={shown === "" ? "line-value empty" : "line-value"}
            aria-label={`${words.customers.edit(title)}: ${shown || words.customers.empty}`}
            onClick={() => {
              setOpen(true);
            }}
          >
            {shown || words.customers.empty}
          </button>
        )}
      </div>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
      {again !== null && (
        <p class="record-fault" role="alert">
          {words.desk.meanwhile(`${title}: ${shown || words.customers.empty}`)}{" "}
          <button type="button" class="link" onClick={() => void keep(again)}>
            {words.customers.setTo(
              choices?.find((one) => one.value === again)?.name ?? (again || words.customers.empty),
            )}
          </button>
        </p>
      )}
    </div>
  );
}

interface FieldProps {
  readonly id: string;
  readonly value: string;
  readonly type: "text" | "number" | "date";
  readonly choices: LineProps["choices"];
  readonly onKeep: (value: string) => Promise<void>;
  readonly onLeave: () => void;
}

function Field({ id, value, type, choices, onKeep, onLeave }: FieldProps) {
  const field = useRef<HTMLInputElement & HTMLSelectElement>(null);
  const left = useRef(false);
  useEffect(() => {
    field.current?.focus();
  }, []);
  const keys = (event: KeyboardEvent) => {
    event.stopPropagation(); // letters typed here are no shortcuts
    if (event.key === "Escape") {
      left.current = true;
      onLeave();
    }
    if (event.key === "Enter") field.current?.blur();
  };
  const keep = () => {
    if (!left.current) void onKeep(field.current?.value.trim() ?? "");
  };
  if (choices !== undefined) {
    return (
      <select id={id} ref={field} onKeyDown={keys} onBlur={keep} value={value}>
        <option value="">{words.customers.empty}</option>
        {choices.map((one) => (
          <option key={one.value} value={one.value}>
            {one.name}
          </option>
        ))}
      </select>
    );
  }
  const common = { id, ref: field, defaultValue: value, onKeyDown: keys, onBlur: keep };
  if (type === "number") return <input type="number" step="any" {...common} />;
  return type === "date" ? <input type="date" {...common} /> : <input type="text" dir="auto" {...common} />;
}
