/** The sheet that lists every key. */

import { signal } from "@preact/signals";
import { Dialog } from "../ui/dialog";
import { words } from "../words";
import { ACTION_GROUPS, actions, type ActionGroup } from "./actions";
import { Combination } from "./combination";
import "./sheet.css";

export const sheetOpen = signal(false);

export function Sheet() {
  if (!sheetOpen.value) return null;
  const close = () => {
    sheetOpen.value = false;
  };
  return (
    <Dialog title={words.shortcuts.title} onClose={close}>
      {ACTION_GROUPS.map((group) => (
        <Group key={group} of={group} />
      ))}
    </Dialog>
  );
}

function Group({ of }: { readonly of: ActionGroup }) {
  const all = actions.value.filter((one) => one.group === of && one.keys !== undefined);
  if (all.length === 0) return null;
  return (
    <>
      <h3 class="shortcuts-group">{words.shortcuts.groups[of]}</h3>
      <dl class="shortcuts">
        {all.map((one) => (
          <div key={one.id}>
            <dt>{one.words()}</dt>
            <dd>
              <Combination of={one.keys ?? ""} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
