/** Settings → Retention: how long what is kept, and what would go, told before it does. */

import { useState } from "preact/hooks";
import { number } from "../../ui/number";
import { dateAndTime } from "../../ui/time";
import { words } from "../../words";
import { refusedBecause, useLoaded, Waiting } from "../loaded";
import { RecordId } from "../recordid";
import { Screen } from "../screen";
import {
  KINDS,
  LEAST,
  MOST,
  readRetention,
  setRetention,
  type Days,
  type Kind,
  type Retention,
} from "./calls";
import "./retention.css";

export default function RetentionPage() {
  const loaded = useLoaded(readRetention);
  return (
    <Screen title={words.retention.title} lead={words.retention.lead}>
      {loaded.value === null ? (
        <Waiting of={loaded} loading={words.retention.loading} error={words.retention.error} />
      ) : (
        <Form of={loaded.value} />
      )}
    </Screen>
  );
}

function Form({ of }: { readonly of: Retention }) {
  const [days, setDays] = useState<Days>(daysOf(of));
  const [seen, setSeen] = useState<Retention | null>(null);
  const [held, setHeld] = useState<Retention>(of);
  const [fault, setFault] = useState<string | null>(null);
  const [saved, setSaved] = useState(false);
  const ask = async (dry: boolean) => {
    try {
      const told = await setRetention(days, dry);
      setSeen(dry ? told : null);
      if (!dry) setHeld(told);
      setSaved(!dry);
      setFault(null);
    } catch (error) {
      setFault(refusedBecause(error));
    }
  };
  const change = (kind: Kind, value: number | null) => {
    setDays({ ...days, [kind]: value });
    setSeen(null); // what was told is of other days
    setSaved(false);
  };
  const goes = seen !== null && KINDS.some((kind) => seen[kind].amount > 0);
  return (
    <form
      class="retention"
      onSubmit={(event) => {
        event.preventDefault();
        void ask(seen === null);
      }}
    >
      <ul class="cards">
        {KINDS.map((kind) => (
          <li key={kind} class="card retention-card">
            <Line kind={kind} of={seen ?? held} days={days[kind]} onChange={change} told={seen !== null} />
          </li>
        ))}
      </ul>
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
      <div class="actions">
        {seen === null ? (
          <button type="submit" class="button primary">
            {words.retention.look}
          </button>
        ) : (
          <button type="submit" class={goes ? "button danger" : "button primary"}>
            {goes ? words.retention.saveAndRemove : words.retention.save}
          </button>
        )}
        <span class="soft" role="status">
          {saved ? words.retention.saved : seen === null ? words.retention.first : words.retention.shown}
        </span>
      </div>
    </form>
  );
}

interface LineProps {
  readonly kind: Kind;
  readonly of: Retention;
  readonly days: number | null;
  readonly onChange: (kind: Kind, days: number | null) => void;
  /** Whether it tells what these days would mean, and not what holds now. */
  readonly told: boolean;
}

function Line({ kind, of, days, onChange, told }: LineProps) {
  const { default_days, amount, oldest, held, examples } = of[kind];
  const id = `retention-${kind}`;
  return (
    <>
      <label class="card-name" for={id}>
        <strong>{words.retention.kinds[kind].name}</strong>
      </label>
      <span class="card-summary retention-what" id={`${id}-what`}>
        {words.retention.kinds[kind].what}
      </span>
      <span class="retention-days">
        <input
          id={id}
          type="number"
          inputMode="numeric"
          aria-describedby={`${id}-what ${id}-goes`}
          min={LEAST[kind]}
          max={MOST}
          placeholder={default_days === null ? words.retention.forEver : String(default_days)}
          value={days ?? ""}
          onInput={({ currentTarget }) => {
            onChange(kind, currentTarget.value === "" ? null : Number(currentTarget.value));
          }}
        />
        {(days ?? default_days) !== null && words.retention.days}
      </span>
      <span class="card-summary" id={`${id}-goes`} data-goes={told && amount > 0}>
        {amount === 0
          ? words.retention.nothing[told ? "then" : "now"]
          : words.retention.goes(number(amount), oldest === null ? "" : dateAndTime(oldest), told)}
        {held > 0 && ` ${words.retention.held(number(held))}`}
      </span>
      {told && amount > 0 && examples.length > 0 && (
        <span class="retention-examples">
          <span>{words.retention.examples}</span>
          {examples.map((id) => (
            <RecordId key={id} id={id} />
          ))}
        </span>
      )}
    </>
  );
}

function daysOf(of: Retention): Days {
  const { webhooks, deliveries, events, conversations, attachments, notes } = of;
  return {
    webhooks: webhooks.own_days,
    deliveries: deliveries.own_days,
    events: events.own_days,
    conversations: conversations.own_days,
    attachments: attachments.own_days,
    notes: notes.own_days,
  };
}
