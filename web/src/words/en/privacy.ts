/** Settings → Privacy and Settings → Retention, and what a customer may ask for. */

import { plural } from "./forms";

export const privacy = {
  title: "Privacy",
  lead: "What customers asked for of their data. Ask for it on a customer's card.",
  none: "Nobody asked for anything yet",
  noneWhy: "Open a customer and choose “Export data” or “Erase…”.",
  more: "Show more",
  kinds: { export: "Export", erasure: "Erasure" },
  asked: (who: string, age: string) => `Asked for by ${who} ${age}`,
  aProgram: "a program",
  states: { waiting: "Waiting", running: "Under way…", done: "Done", failed: "Failed" },
  errors: {
    customer_erased: "The customer was erased.",
    storage_unavailable: "Files can't be read or stored now. It is tried again.",
    key_unavailable: "Raw webhooks can't be opened with the keys that are here. It is tried again.",
    trouble: "Something went wrong. It is tried again.",
    archive_failed: "The archive could not be made. Ask for it again.",
    archive_too_large: "There is more than an archive may hold.",
  },
  made: (size: string) => `The archive is ready, ${size}.`,
  over: "The archive is gone: it is kept for seven days, or until the customer is erased.",
  erased: (rows: string, tables: number) =>
    `Erased: ${rows} rows in ${plural(tables, "# table", "# tables")}.`,
  download: "Download",
  certificate: "Certificate",
  export: "Export data",
  erase: "Erase…",
  ask: {
    export: (name: string) => `Export what is known of ${name}?`,
    erasure: (name: string) => `Erase ${name} for good?`,
  },
  means: {
    export:
      "One archive with their card, conversations, messages, notes and files. It is made in a moment, and kept for seven days.",
    erasure:
      "Their card, conversations, messages, notes and files go, with everything that was made of them, also from the log and raw webhooks. This can't be undone. Whoever writes from their address afterwards is a new customer.",
  },
  type: (name: string) => `Type “${name}” to confirm`,
  go: { export: "Export", erasure: "Erase for good" },
};

export const retention = {
  title: "Retention",
  lead: "How long things are kept. What is older goes within the hour or so, for good.",
  loading: "Loading",
  error: "It could not be loaded how long things are kept.",
  days: "days",
  forEver: "for ever",
  kinds: {
    webhooks: {
      name: "Raw webhooks",
      what: "As the providers sent them. What has still to be looked at stays.",
    },
    deliveries: { name: "Deliveries", what: "What was told to endpoints, with all attempts." },
    events: {
      name: "Events",
      what: "The log that endpoints and programs read; as long as deliveries at least.",
    },
    conversations: {
      name: "Conversations",
      what: "Resolved ones with all messages and files, by when the last message came.",
    },
    attachments: { name: "Files", what: "What came or went with messages; the messages stay." },
    notes: { name: "Notes on customers", what: "What members noted on a card." },
  },
  look: "Show what would go",
  save: "Save",
  saveAndRemove: "Save, and remove these",
  saved: "Saved.",
  first: "An empty field: as the operator says, or for ever.",
  shown: "Nothing has changed yet.",
  nothing: { now: "Nothing is due now.", then: "Nothing would go." },
  examples: "For example:",
  goes: (amount: string, oldest: string, would: boolean) =>
    `${amount} ${would ? "would go" : "are older and go"}${oldest === "" ? "" : `, the oldest of ${oldest}`}.`,
  held: (amount: string) => `${amount} are older but needed, and stay.`,
};
