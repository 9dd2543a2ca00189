/** Naming a view: a new one of what is shown, or one that is there. */

import { useState } from "preact/hooks";
import { ApiError } from "../api";
import type { SavedView } from "../model/shared";
import { may } from "../permissions";
import { query } from "../route";
import { Dialog } from "../ui/dialog";
import { Tick } from "../ui/tick";
import { words } from "../words";
import { changeView, removeView, saveView } from "./savedviews";
import "../ui/form.css";
import "./viewdialog.css";

interface ViewDialogProps {
  /** The view to change; null: a new one. */
  readonly of: SavedView | null;
  readonly onClose: () => void;
}

export default function ViewDialog({ of, onClose }: ViewDialogProps) {
  const { view } = words;
  const [name, setName] = useState(of?.name ?? "");
  const [shared, setShared] = useState(of !== null && of.owner_id === null);
  const [withFilters, setWithFilters] = useState(false);
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const attempt = async (step: () => Promise<void>) => {
    setBusy(true);
    setRefusal(null);
    try {
      await step();
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefusal(error.status === 0 ? words.error.unreachable : error.message);
      setBusy(false);
    }
  };
  const mayShare = may("workspace.write");
  const submit = () =>
    attempt(() => {
      if (of === null) return saveView(name.trim(), shared);
      return changeView(of.id, { name: name.trim(), ...(mayShare ? { shared } : {}), withFilters });
    });
  return (
    <Dialog title={of === null ? view.saveTitle : view.change} onClose={onClose}>
      <form
        class="view-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label class="field">
          <span>{view.name}</span>
          <input
            required
            maxLength={100}
            value={name}
            onInput={(event) => {
              setName(event.currentTarget.value);
            }}
          />
        </label>
        {mayShare && <Tick checked={shared} onChange={setShared}>{`${view.shared}. ${view.sharedWhy}`}</Tick>}
        {of !== null && query.value.size > 0 && (
          <Tick checked={withFilters} onChange={setWithFilters}>
            {view.update}
          </Tick>
        )}
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="view-form-actions">
          <button type="submit" class="button primary" disabled={busy || name.trim() === ""}>
            {busy ? view.busy : view.submit}
          </button>
          {of !== null && (
            <button
              type="button"
              class="button danger"
              disabled={busy}
              onClick={() => {
                if (sure) void attempt(() => removeView(of.id));
                else setSure(true);
              }}
            >
              {sure ? view.removeSure : view.remove}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
