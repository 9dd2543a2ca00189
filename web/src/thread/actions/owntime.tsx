/** Choosing a time of one's own until which a conversation sleeps. */

import { useState } from "preact/hooks";
import { Dialog } from "../../ui/dialog";
import { words } from "../../words";
import { snooze } from "./change";
import "../../ui/form.css";

const HOUR = 3_600_000;
const MINUTE = 60_000;

export function OwnTime({ onClose }: { readonly onClose: () => void }) {
  const { desk } = words;
  const [typed, setTyped] = useState(() => localMinutes(new Date(Date.now() + HOUR)));
  const [past, setPast] = useState(false);
  const submit = () => {
    const time = new Date(typed);
    if (Number.isNaN(time.getTime()) || time.getTime() <= Date.now()) {
      setPast(true);
      return;
    }
    snooze(time);
    onClose();
  };
  return (
    <Dialog title={desk.snoozeTitle} onClose={onClose}>
      <form
        class="owntime"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <label class="field">
          <span>{desk.snoozeTime}</span>
          <input
            type="datetime-local"
            value={typed}
            min={localMinutes(new Date(Date.now() + MINUTE))}
            aria-invalid={past}
            aria-describedby={past ? "owntime-past" : undefined}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              setPast(false);
            }}
          />
        </label>
        {past && (
          <p class="form-refusal" id="owntime-past" role="alert">
            {desk.snoozePast}
          </p>
        )}
        <button type="submit" class="button primary">
          {desk.snoozeSubmit}
        </button>
      </form>
    </Dialog>
  );
}

/** A time as such a field writes it: local, to the minute. */
export function localMinutes(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * MINUTE);
  return local.toISOString().slice(0, "2026-01-01T00:00".length);
}
