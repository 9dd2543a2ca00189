/** The sheet that lists every key. */

import { signal } from "@preact/signals";
import { enterSends } from "../composer/enter";
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
      <Keys title={words.shortcuts.groups.write} of={writing()} />
    </Dialog>
  );
}

/** What is done, and by which keys. */
type Key = readonly [string, string];

function Group({ of }: { readonly of: ActionGroup }) {
  const all = actions.value.filter((one) => one.group === of);
  const keys = all.flatMap((one): Key[] => (one.keys === undefined ? [] : [[one.words(), one.keys]]));
  return <Keys title={words.shortcuts.groups[of]} of={keys} />;
}

function Keys({ title, of }: { readonly title: string; readonly of: readonly Key[] }) {
  if (of.length === 0) return null;
  return (
    <>
      <h3 class="shortcuts-group">{title}</h3>
      <dl class="shortcuts">
        {of.map(([name, keys]) => (
          <div key={`${name} ${keys}`}>
            <dt>{name}</dt>
            <dd>
              <Combination of={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** The keys of the field itself, which are no actions of the page. */
function writing(): readonly Key[] {
  const { shortcuts } = words;
  const [send, line] = enterSends.value ? ["Enter", "Shift+Enter"] : ["mod+Enter", "Enter"];
  return [
    [shortcuts.send, send],
    [shortcuts.line, line],
    [shortcuts.canned, "/"],
    [shortcuts.mention, "@"],
    [shortcuts.leave, "Escape"],
  ];
}
