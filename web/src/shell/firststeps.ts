/** What a new workspace does first; each step ticks itself off as it becomes true. */

import { computed, effect } from "@preact/signals";
import { may } from "../permissions";
import { go } from "../route";
import { inbox, me } from "../store";
import { words } from "../words";
import { activeMembers, channels } from "../workspace";
import { keptSwitch } from "./kept";

export interface Step {
  readonly id: "connect" | "receive" | "answer" | "invite";
  readonly done: boolean;
  readonly words: { readonly title: string; readonly why: string };
  readonly go?: () => void;
}

const answered = keptSwitch("postgate.first.answered");
export const dismissed = keptSwitch("postgate.first.dismissed");

/** Whoever can set things up sees them until all are done or waved away. */
export const steps = computed<readonly Step[]>(() => {
  const { connect, receive, answer, invite } = words.first.steps;
  return [
    {
      id: "connect",
      done: channels.value.length > 0,
      words: connect,
      go: () => {
        go({ page: "settings", conversation: null, area: "connections", place: "new" });
      },
    },
    { id: "receive", done: inbox.value.conversations.length > 0, words: receive },
    { id: "answer", done: answered.value, words: answer },
    {
      id: "invite",
      done: activeMembers.value.length > 1,
      words: invite,
      go: () => {
        go({ page: "settings", conversation: null, area: "people" });
      },
    },
  ];
});

export const hasFirstSteps = computed(
  () => may("connections.write") && !dismissed.value && steps.value.some((step) => !step.done),
);

/** Remember that somebody answered: the answer may be far down the list later. */
export function watchFirstSteps(): () => void {
  return effect(() => {
    if (answered.value || me.value === null) return;
    const { conversations, messages } = inbox.value;
    const last = conversations.map((row) => row.last_message);
    answered.value = [...last, ...Object.values(messages).flat()].some(
      (one) => one?.direction === "outbound",
    );
  });
}
