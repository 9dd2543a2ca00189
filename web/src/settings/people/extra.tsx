/** What a member may do beyond their role. */

import { useState } from "preact/hooks";
import type { Member } from "../../model/shared";
import { me } from "../../store";
import { Dialog } from "../../ui/dialog";
import { words } from "../../words";
import { Ticks } from "../ticks";

interface ExtraProps {
  readonly of: Member;
  readonly name: string;
  readonly onChoose: (permissions: readonly string[]) => void;
  readonly onClose: () => void;
}

export function Extra({ of, name, onChoose, onClose }: ExtraProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(of.extra_permissions));
  return (
    <Dialog title={words.people.extraOf(name)} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          onChoose([...chosen]);
        }}
      >
        <p class="soft">{words.people.extraWhy}</p>
        <Ticks
          legend={words.people.extra}
          offered={new Set([...(me.value?.permissions ?? []), ...of.extra_permissions])}
          chosen={chosen}
          onChoose={setChosen}
        />
        <div class="actions">
          <button type="submit" class="button primary">
            {words.people.save}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.people.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
