/** The list of conversations. */

import { number } from "./forms";

export const list = {
  label: "Conversations",
  loading: "Loading conversations",
  loadingMore: "Loading more…",
  you: "You:",
  by: (name: string) => `${name}:`,
  assigned: (name: string) => `Assigned to ${name}`,
  snoozed: (until: string) => `Snoozed until ${until}`,
  unread: (count: number) => `${number(count)} unread`,
  failed: "Last message failed",
  newer: (count: number) => `${number(count)} updated`,
  error: "The conversations could not be loaded.",
  moreError: "The rest of the list could not be loaded.",
  empty: {
    all: "No messages have arrived yet",
    open: "Nothing is open",
    mine: "Nothing is assigned to you",
    unassigned: "Everything has somebody",
    mentions: "Nobody has mentioned you",
    other: "Nothing here matches",
    pending: "Nothing is pending",
    snoozed: "Nothing is snoozed",
    resolved: "Nothing is resolved",
  },
  emptyWhy: {
    all: "Conversations appear here as soon as a provider posts a message to Postgate.",
    open: "Every conversation has been dealt with. New messages open one here.",
    mine: "Conversations that you answer are listed here.",
    unassigned: "Open conversations that nobody answers yet are listed here.",
    mentions: "Notes with @ and your name are listed here.",
    other: "No conversation is like that at the moment.",
    pending: "Conversations that wait for somebody else are listed here.",
    snoozed: "Conversations that were put off until later are listed here.",
    resolved: "Conversations that are done are listed here.",
  },
  showAll: "Show all conversations",
};
