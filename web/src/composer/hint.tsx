/** What one should know while writing: how much room there is, and until when. */

import { Clock3 } from "lucide";
import type { ChannelKind } from "../model/types";
import { Icon } from "../ui/icon";
import { duration } from "../ui/time";
import { words } from "../words";
import { segments } from "./segments";
import type { Window } from "./window";

interface HintProps {
  readonly channel: ChannelKind;
  readonly text: string;
  /** Characters too many. */
  readonly over: number;
  readonly window: Window;
}

export function Hint({ channel, text, over, window }: HintProps) {
  if (over > 0) {
    return (
      <span class="composer-hint fault" role="alert">
        {words.composer.tooLong(over)}
      </span>
    );
  }
  if (channel === "sms" && text !== "") return <Parts of={text} />;
  if (window.state !== "open") return <span class="composer-hint" />;
  return (
    <span
      class={window.soon ? "composer-hint soon numbers" : "composer-hint numbers"}
      title={words.composer.windowWhy}
    >
      <Icon of={Clock3} size={12} />
      {words.composer.windowLeft(duration(window.left))}
    </span>
  );
}

function Parts({ of }: { readonly of: string }) {
  const { encoding, count, left } = segments(of.trim());
  if (count === 0) return <span class="composer-hint" />;
  return (
    <span class="composer-hint numbers" title={encoding === "UCS-2" ? words.composer.unicode : undefined}>
      {words.composer.parts(left, count)}
    </span>
  );
}
