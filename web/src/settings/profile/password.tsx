/** Another password, for who knows the present one. */

import { useRef, useState } from "preact/hooks";
import { words } from "../../words";
import { refusedBecause } from "../loaded";
import { changePassword } from "./calls";
import { sessionsChanged } from "./sessions";

export function Password({ email }: { readonly email: string }) {
  const [state, setState] = useState<"idle" | "busy" | "saved">("idle");
  const [refusal, setRefusal] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const current = useRef<HTMLInputElement>(null);
  const fresh = useRef<HTMLInputElement>(null);
  const save = async () => {
    setState("busy");
    setRefusal(null);
    try {
      await changePassword(current.current?.value ?? "", fresh.current?.value ?? "");
      form.current?.reset();
      sessionsChanged();
      setState("saved");
    } catch (error) {
      setRefusal(refusedBecause(error));
      setState("idle");
    }
  };
  return (
    <form
      ref={form}
      class="section settings-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h2>{words.profile.password}</h2>
      <p class="section-lead">{words.profile.passwordWhy}</p>
      <input type="hidden" name="username" autocomplete="username" value={email} />
      <label class="field">
        <span>{words.profile.current}</span>
        <input ref={current} type="password" name="current" autocomplete="current-password" required />
      </label>
      <label class="field">
        <span>{words.profile.fresh}</span>
        <input ref={fresh} type="password" name="fresh" autocomplete="new-password" minLength={10} required />
        <span class="soft">{words.profile.rule}</span>
      </label>
      {refusal !== null && (
        <p class="form-refusal" role="alert">
          {refusal}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="button" disabled={state === "busy"}>
          {state === "busy" ? words.profile.saving : words.profile.change}
        </button>
        <span role="status" class="soft">
          {state === "saved" && words.profile.changed}
        </span>
      </div>
    </form>
  );
}
