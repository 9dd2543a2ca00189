/** What is being sent again, and was: how far it is, stopping it and going on. */

import { History, RotateCcw } from "lucide";
import { useState } from "preact/hooks";
import { ApiError } from "../api";
import type { Endpoint } from "../model/endpoint";
import { may } from "../permissions";
import { Badge } from "../settings/badge";
import { refusedBecause } from "../settings/loaded";
import { Icon } from "../ui/icon";
import { usePoll } from "../ui/poll";
import { ago, dateAndTime, exact, now } from "../ui/time";
import { words } from "../words";
import { listRecoveries, steerRecovery, type Recovery } from "./calls";
import { RecoverDialog, ReplayDialog } from "./recovery";

const LOOK_EVERY_MS = 1000;
const SHOWN = 5;
const KINDS: Readonly<Record<Recovery["status"], string>> = {
  running: "waiting",
  done: "active",
  canceled: "off",
};

export function Recoveries({ of }: { readonly of: Endpoint }) {
  const [all, setAll] = useState<readonly Recovery[] | null>(null);
  const [open, setOpen] = useState<"recover" | "replay" | null>(null);
  const running = all === null || all.some((one) => one.status === "running");
  usePoll(
    async () => {
      try {
        setAll(await listRecoveries(of.id));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error; // what is shown stays; the next look may succeed
      }
    },
    LOOK_EVERY_MS,
    running,
  );
  const put = (changed: Recovery) => {
    setAll((before) => {
      const known = before?.some((one) => one.id === changed.id) === true;
      return known
        ? before.map((one) => (one.id === changed.id ? changed : one))
        : [changed, ...(before ?? [])];
    });
  };
  const Asking = open === "recover" ? RecoverDialog : ReplayDialog;
  return (
    <section class="section" aria-labelledby="recoveries">
      <h2 id="recoveries">{words.deliveries.recoveries}</h2>
      {may("webhooks.replay") && (
        <div class="actions">
          <button
            type="button"
            class="button"
            onClick={() => {
              setOpen("recover");
            }}
          >
            <Icon of={RotateCcw} />
            {words.deliveries.recover}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => {
              setOpen("replay");
            }}
          >
            <Icon of={History} />
            {words.deliveries.replay}
          </button>
        </div>
      )}
      {all?.length === 0 && <p class="soft">{words.deliveries.noRecoveries}</p>}
      {all !== null && all.length > 0 && (
        <ul class="recoveries">
          {all.slice(0, SHOWN).map((one) => (
            <li key={one.id}>
              <Progress of={one} onChange={put} />
            </li>
          ))}
        </ul>
      )}
      {open !== null && (
        <Asking
          of={of}
          onClose={() => {
            setOpen(null);
          }}
          onBegun={put}
        />
      )}
    </section>
  );
}

interface ProgressProps {
  readonly of: Recovery;
  readonly onChange: (changed: Recovery) => void;
}

function Progress({ of, onChange }: ProgressProps) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const steer = async (how: "cancel" | "resume") => {
    setRefusal(null);
    try {
      onChange(await steerRecovery(of.id, how));
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  const { seen, total, queued } = of.progress;
  const name = words.deliveries.progressOf(
    words.deliveries.recoveryKinds[of.kind],
    ago(of.created_at, now.value),
  );
  return (
    <div class="recovery" data-status={of.status}>
      <span title={exact(of.created_at)}>{name}</span>
      <Badge kind={KINDS[of.status]}>{words.deliveries.recoveryStates[of.status] ?? of.status}</Badge>
      <progress
        aria-label={name}
        value={of.status === "done" ? 1 : seen}
        max={of.status === "done" ? 1 : Math.max(1, total)}
      />
      <span class="soft numbers">{`${rangeOf(of)} · ${words.deliveries.progress(seen, total, queued)}`}</span>
      {may("webhooks.replay") && of.status !== "done" && (
        <button
          type="button"
          class="button"
          onClick={() => void steer(of.status === "running" ? "cancel" : "resume")}
        >
          {of.status === "running" ? words.deliveries.stop : words.deliveries.resume}
        </button>
      )}
      {refusal !== null && (
        <p class="form-refusal" role="alert">
          {refusal}
        </p>
      )}
    </div>
  );
}

/** Which part of the past it is about. */
function rangeOf(of: Recovery): string {
  if (of.since !== null) return words.deliveries.sinceTime(dateAndTime(of.since));
  return words.deliveries.seqs(of.from_seq ?? 0, of.to_seq ?? 0);
}
