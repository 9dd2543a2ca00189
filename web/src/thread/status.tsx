/** What became of a message of ours that did not simply go out, and what can be done about it. */

import { CircleAlert, CircleQuestionMark, RotateCw, Undo2 } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { ApiError, post, send } from "../api";
import { editAgain, writeAgain } from "../composer/compose";
import { discard, pendingOf, sendAgain } from "../composer/outbox";
import type { Pending } from "../composer/pending";
import type { Message } from "../model/types";
import { may } from "../permissions";
import { Icon } from "../ui/icon";
import { words } from "../words";
import "./status.css";

/** What goes out at once is not worth an offer to take it back. */
const PATIENCE = 3000;

export function Outcome({ of }: { readonly of: Message }) {
  if (of.direction === "inbound" || of.deleted_at) return null;
  const pending = pendingOf(of);
  if (pending !== null) return pending.failure === null ? null : <NotSent of={pending} />;
  if (of.status === "failed") return <Failed of={of} />;
  if (of.status === "queued") return <Waiting of={of} />;
  return of.status === "unknown" ? <Unknown of={of} /> : null;
}

function Failed({ of }: { readonly of: Message }) {
  return (
    <div class="failure">
      <p>
        {words.message.failed(of.error?.message ?? words.message.noReason)}
        {of.error !== null && <span class="failure-code"> {words.message.code(of.error.code)}</span>}
      </p>
      <Again of={of} label={words.composer.retry} />
    </div>
  );
}

function Unknown({ of }: { readonly of: Message }) {
  return (
    <div class="failure doubtful">
      <p>
        <Icon of={CircleQuestionMark} size={14} />
        {words.composer.unknown}
      </p>
      <Again of={of} label={words.composer.sendAnyway} />
    </div>
  );
}

// The log tells that it is gone; its words are back in the field by then.
function Waiting({ of }: { readonly of: Message }) {
  const [late, setLate] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      setLate(true);
    }, PATIENCE);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  if (!late || !may("messages.send")) return null;
  const cancel = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      await send(`/messages/${encodeURIComponent(of.id)}/cancel`, { method: "POST" });
      writeAgain(of);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefusal(error.status === 0 ? words.composer.unreachable : error.message);
    }
    setBusy(false);
  };
  return (
    <div class="failure pending">
      <p class="failure-actions">
        {words.composer.waiting}
        <button type="button" class="failure-action" disabled={busy} onClick={() => void cancel()}>
          <Icon of={Undo2} size={12} />
          {words.composer.cancel}
        </button>
      </p>
      {refusal !== null && <p role="alert">{words.composer.cancelFailed(refusal)}</p>}
    </div>
  );
}

// The log tells what comes of it; a message that is sent again has no failure any more.
function Again({ of, label }: { readonly of: Message; readonly label: string }) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  if (!may("messages.send")) return null;
  const again = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      const path = `/messages/${encodeURIComponent(of.id)}/retry`;
      await post(path, of.status === "unknown" ? { may_duplicate: true } : {});
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefusal(error.status === 0 ? words.composer.unreachable : error.message);
    }
    setBusy(false);
  };
  return (
    <>
      <p class="failure-actions">
        <button type="button" class="failure-action" disabled={busy} onClick={() => void again()}>
          <Icon of={RotateCw} size={12} />
          {label}
        </button>
      </p>
      {refusal !== null && <p role="alert">{words.composer.retryFailed(refusal)}</p>}
    </>
  );
}

function NotSent({ of }: { readonly of: Pending }) {
  const { failure, what } = of;
  if (failure === null) return null;
  const editable = "note" in what || what.reply.template === undefined;
  return (
    <div class="failure" role="alert">
      <p>
        <Icon of={CircleAlert} size={14} />
        {words.composer.notSent(failure.reason)}
      </p>
      <p class="failure-actions">
        {failure.again && (
          <button type="button" class="failure-action" onClick={() => void sendAgain(of)}>
            <Icon of={RotateCw} size={12} />
            {words.composer.retry}
          </button>
        )}
        {editable && (
          <button
            type="button"
            class="failure-action"
            onClick={() => {
              editAgain(of);
            }}
          >
            {words.composer.edit}
          </button>
        )}
        <button
          type="button"
          class="failure-action"
          onClick={() => {
            discard(of);
          }}
        >
          {words.composer.discard}
        </button>
      </p>
    </div>
  );
}
