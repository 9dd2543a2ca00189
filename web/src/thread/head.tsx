/** Who the conversation is with, through which channel, what can be done with it, and the fold of the details. */

import { ChevronLeft, PanelRight } from "lucide";
import { ChannelGlyph } from "../list/channel";
import { nameOf } from "../list/names";
import type { Conversation } from "../model/types";
import { closeConversation } from "../route";
import { detailsOpen, toggleDetails } from "../shell/details";
import { Icon } from "../ui/icon";
import { LabelChip } from "../ui/label";
import { marked } from "../ui/plain";
import { exact } from "../ui/time";
import { words } from "../words";
import { label } from "../workspace";
import { DeskBar } from "./actions/bar";

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
      {of !== null && <DeskBar of={of} />}
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
      <h2 dir="auto">{nameOf(of.customer)}</h2>
      <p>
        <ChannelGlyph kind={of.channel.kind} size={14} />
        <span class="thread-via" dir="auto">
          {marked(of.subject ?? of.channel.name ?? of.channel.address)}
        </span>
        <Facts of={of} />
      </p>
    </div>
  );
}

/** What is set of it, as far as that is not what it usually is. */
function Facts({ of }: { readonly of: Conversation }) {
  const { priority = "normal" } = of;
  const until = of.snoozed_until ?? null;
  return (
    <span class="title-facts">
      {until !== null && (
        <span class="status-chip waiting" title={exact(until)}>
          {words.desk.until(exact(until))}
        </span>
      )}
      {until === null && of.status !== "open" && <span class="status-chip">{words.statuses[of.status]}</span>}
      {priority !== "normal" && (
        <span class={`status-chip ${priority}`}>{words.filter.priorities[priority]}</span>
      )}
      {(of.label_ids ?? []).map((id) => {
        const known = label(id);
        return known === null ? null : <LabelChip key={id} of={known} />;
      })}
    </span>
  );
}
