/** Die Liste der Gespräche. */

import type { list as English } from "../en/list";
import { number } from "./forms";

export const list: typeof English = {
  label: "Gespräche",
  loading: "Gespräche werden geladen",
  loadingMore: "Weitere werden geladen…",
  you: "Sie:",
  by: (name) => `${name} schrieb:`,
  assigned: (name) => `Zugewiesen an ${name}`,
  snoozed: (until) => `Zurückgestellt bis ${until}`,
  unread: (count) => `${number(count)} ungelesen`,
  failed: "Letzte Nachricht fehlgeschlagen",
  newer: (count) => `${number(count)} aktualisiert`,
  error: "Die Gespräche konnten nicht geladen werden.",
  moreError: "Der Rest der Liste konnte nicht geladen werden.",
  empty: {
    all: "Es ist noch keine Nachricht angekommen",
    open: "Nichts ist offen",
    mine: "Ihnen ist nichts zugewiesen",
    unassigned: "Um alles kümmert sich jemand",
    mentions: "Niemand hat Sie erwähnt",
    other: "Nichts passt dazu",
    pending: "Nichts wartet",
    snoozed: "Nichts ist zurückgestellt",
    resolved: "Nichts ist erledigt",
  },
  emptyWhy: {
    all: "Gespräche erscheinen hier, sobald ein Anbieter eine Nachricht an Postgate schickt.",
    open: "Alle Gespräche sind bearbeitet. Neue Nachrichten öffnen hier eines.",
    mine: "Hier stehen Gespräche, die Sie beantworten.",
    unassigned: "Hier stehen offene Gespräche, die noch niemand beantwortet.",
    mentions: "Hier stehen Notizen mit @ und Ihrem Namen.",
    other: "So ein Gespräch gibt es im Moment nicht.",
    pending: "Hier stehen Gespräche, die auf jemand anderen warten.",
    snoozed: "Hier stehen Gespräche, die auf später verschoben wurden.",
    resolved: "Hier stehen Gespräche, die erledigt sind.",
  },
  showAll: "Alle Gespräche zeigen",
};
