/** What all ways in look like: a card with a title, fields, why something was refused, and what can be done. */

import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useId } from "preact/hooks";
import { ApiError } from "../api";
import { words } from "../words";
import "../ui/form.css";
import "./login.css";

interface CardProps {
  readonly title: string;
  readonly lead?: string;
  readonly refusal?: string | null;
  readonly action?: string;
  readonly busy?: boolean;
  readonly onSubmit?: () => void;
  readonly children?: ComponentChildren;
  /** Below the action. */
  readonly after?: ComponentChildren;
}

export function Card({ title, lead, refusal, action, busy = false, onSubmit, children, after }: CardProps) {
  useEffect(() => {
    document.title = `${title} · ${words.product}`;
  }, [title]);
  return (
    <main class="login">
      <form
        class="login-card"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) onSubmit?.();
        }}
      >
        <img src="/assets/favicon.svg" alt="" width={40} height={40} />
        <h1>{title}</h1>
        {lead !== undefined && <p class="login-lead">{lead}</p>}
        {children}
        {refusal !== undefined && refusal !== null && (
          <p class="login-refusal" id="login-refusal" role="alert">
            {refusal}
          </p>
        )}
        {action !== undefined && (
          <button type="submit" class="button primary" disabled={busy}>
            {action}
          </button>
        )}
        {after}
      </form>
    </main>
  );
}

interface SecretFieldProps {
  readonly label: string;
  readonly field: RefObject<HTMLInputElement | null>;
  readonly fresh?: boolean;
  readonly refused: boolean;
  readonly note?: string;
}

/** A password, one that is chosen or one that is known. */
export function SecretField({ label, field, fresh = false, refused, note }: SecretFieldProps) {
  const id = useId();
  return (
    <label class="field">
      <span>{label}</span>
      <input
        ref={field}
        type="password"
        name="password"
        autocomplete={fresh ? "new-password" : "current-password"}
        minLength={fresh ? 10 : undefined}
        required
        aria-invalid={refused}
        aria-describedby={
          [refused ? "login-refusal" : "", note === undefined ? "" : id].join(" ").trim() || undefined
        }
      />
      {note !== undefined && (
        <span class="login-hint" id={id}>
          {note}
        </span>
      )}
    </label>
  );
}

/** Why something was refused, in words; whatever is no answer of the gateway is a bug of ours. */
export function reasonFor(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 0) return words.error.unreachable;
  if (error.code === "code_wrong") return words.login.codeWrong;
  if (error.code === "login_failed") return words.login.wrong;
  if (error.code === "unauthenticated") return words.login.startAgain;
  if (error.status === 429) return words.login.tooMany(error.retryAfter);
  if (error.faults.length > 0) return words.login.weak;
  return error.status === 404 ? words.login.deadLink : error.message;
}

/** Lead whoever typed back to the field. Selecting alone does not move the focus in every browser. */
export function askAgain(field: HTMLInputElement | null): void {
  field?.focus();
  field?.select();
}
