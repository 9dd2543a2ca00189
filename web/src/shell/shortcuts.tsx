/** The sheet that lists every key. */

import { Dialog } from "../ui/dialog";
import { words } from "../words";
import { sheetOpen } from "./sheet";
import "./shortcuts.css";

const lines = (): readonly (readonly [readonly string[], string])[] => [
  [["J", "K"], words.shortcuts.move],
  [["Enter"], words.shortcuts.open],
  [["Esc"], words.shortcuts.back],
  [["G", "I"], words.shortcuts.inbox],
  [["G", "A"], words.shortcuts.all],
  [["G", "S"], words.settings.shortcut],
  [["."], words.shortcuts.details],
  [["?"], words.shortcuts.sheet],
];

export function Shortcuts() {
  if (!sheetOpen.value) return null;
  const close = () => {
    sheetOpen.value = false;
  };
  return (
    <Dialog title={words.shortcuts.title} onClose={close}>
      <dl class="shortcuts">
        {lines().map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>{meaning}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
