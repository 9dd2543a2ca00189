/** Who the conversation is with, through which channel, and the fold of the details. */

import { ChevronLeft, PanelRight } from "lucide";
import { ChannelGlyph } from "../list/channel";
import { nameOf } from "../list/names";
import type { Conversation } from "../model/types";
import { closeConversation } from "../route";
import { detailsOpen, toggleDetails } from "../shell/details";
import { Icon } from "../ui/icon";
import { words } from "../words";

export function ThreadHead({ of }: { readonly of: Conversation | null }) {
  const open = detailsOpen.value;
  return (
    <header class="pane-head thread-head">
      <button
        type="button"
        class="button quiet square thread-back"
        aria-label={words.thread.back}
        onClick={closeConversation}
      >
        <Icon of={ChevronLeft} size={20} />
      </button>
      {of !== null && <Title of={of} />}
      <button
        type="button"
        class="button quiet square thread-fold"
        aria-label={open ? words.thread.hideDetails : words.thread.showDetails}
        aria-pressed={open}
        onClick={toggleDetails}
      >
        <Icon of={PanelRight} />
      </button>
    </header>
  );
}

function Title({ of }: { readonly of: Conversation }) {
  return (
    <div class="thread-title">
      <h2>{nameOf(of.customer)}</h2>
      <p>
        <ChannelGlyph kind={of.channel.kind} size={14} />
        <span class="thread-via">{of.subject ?? of.channel.name ?? of.channel.address}</span>
        {of.status !== "open" && <span class="status-chip">{words.statuses[of.status]}</span>}
      </p>
    </div>
  );
}
