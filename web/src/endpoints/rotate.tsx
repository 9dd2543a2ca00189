/**
 * Asking for a new signing secret: how long the old one stays, and whether the new one is tried at once. Only one's own
 * can be: one that is made here nobody has yet.
 */

import { useState } from "preact/hooks";
import type { Endpoint } from "../model/endpoint";
import { refusedBecause } from "../settings/loaded";
import { Dialog } from "../ui/dialog";
import { Tick } from "../ui/tick";
import { words } from "../words";
import { rotateSecret, type Rotated } from "./calls";
import { keepEndpoint } from "./known";
import { length } from "./schedule";

const OVERLAPS = [0, 3600, 86_400, 259_200, 604_800] as const;
const USUAL = 86_400;

interface RotateProps {
  readonly of: Endpoint;
  readonly onClose: () => void;
  readonly onDone: (result: Rotated) => void;
}

export function RotateDialog({ of, onClose, onDone }: RotateProps) {
  const [overlap, setOverlap] = useState<number>(USUAL);
  const [own, setOwn] = useState("");
  const [probe, setProbe] = useState(true);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const given = own.trim();
  const rotate = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      const secret = given === "" ? {} : { secret: given, probe };
      const result = await rotateSecret(of.id, { overlap_seconds: overlap, ...secret });
      const { secret: told, probe: sent, ...endpoint } = result;
      keepEndpoint(endpoint);
      onDone({ ...endpoint, secret: told, probe: sent });
    } catch (error) {
      setRefusal(refusedBecause(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={words.endpoints.rotateTitle} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void rotate();
        }}
      >
        <p>{words.endpoints.rotateWhy}</p>
        <label class="field">
          <span>{words.endpoints.overlap}</span>
          <select
            value={overlap}
            onChange={(event) => {
              setOverlap(Number(event.currentTarget.value));
            }}
          >
            {OVERLAPS.map((one) => (
              <option key={one} value={one}>
                {one === 0 ? words.endpoints.overlapNone : length(one)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{words.endpoints.ownSecret}</span>
          <input
            value={own}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => {
              setOwn(event.currentTarget.value);
            }}
          />
          <span class="soft">{words.endpoints.ownSecretNote}</span>
        </label>
        {given !== "" && (
          <Tick checked={probe} onChange={setProbe}>
            {words.endpoints.probe}
          </Tick>
        )}
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? words.endpoints.rotating : words.endpoints.rotateDo}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.endpoints.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
