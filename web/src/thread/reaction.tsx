/** A reaction: one small line, with what it is about. */

import type { Message } from "../model/types";
import { previewOf } from "../preview";
import { words } from "../words";
import { colleagueOf } from "./author";
import { Meta } from "./meta";
import { quoted } from "./quoted";

export function Reaction({ of }: { readonly of: Message }) {
  const about = quoted(of);
  const emoji = of.text ?? "";
  return (
    <article class={`group reaction ${of.direction}`} data-message={of.id}>
      <p>
        {emoji === "" ? words.message.reactionGone : words.message.reacted(emoji)}
        {about !== null && <q>{previewOf(about)}</q>}
      </p>
      <Meta of={of} by={colleagueOf(of)} />
    </article>
  );
}
