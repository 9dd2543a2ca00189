/** What others call this person. */

import { useState } from "preact/hooks";
import { me } from "../../store";
import { words } from "../../words";
import { refusedBecause } from "../loaded";
import { rename } from "./calls";

export function Name() {
  const [name, setName] = useState(me.peek()?.user?.name ?? "");
  const [state, setState] = useState<"idle" | "busy" | "saved">("idle");
  const [refusal, setRefusal] = useState<string | null>(null);
  const save = async () => {
    setState("busy");
    setRefusal(null);
    try {
      me.value = await rename(name.trim());
      setState("saved");
    } catch (error) {
      setRefusal(refusedBecause(error));
      setState("idle");
    }
  };
  return (
    <form
      class="section settings-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label class="field">
        <span>{words.profile.name}</span>
        <input
          name="name"
          autocomplete="name"
          required
          maxLength={120}
          pattern=".*\S.*"
          value={name}
          onInput={(event) => {
            setName(event.currentTarget.value);
            setState("idle");
          }}
        />
        <span class="soft">{words.profile.nameWhy}</span>
      </label>
      {refusal !== null && (
        <p class="form-refusal" role="alert">
          {refusal}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="button" disabled={state === "busy"}>
          {state === "busy" ? words.profile.saving : words.profile.save}
        </button>
        <span role="status" class="soft">
          {state === "saved" && words.profile.saved}
        </span>
      </div>
    </form>
  );
}
