/** Filter, gespeicherte Ansichten, und was mit vielen Gesprächen auf einmal geschieht. */

import type { views as English } from "../en/views";
import { plural } from "./forms";

export const views: typeof English = {
  filter: {
    open: "Filtern",
    title: "Diese Ansicht filtern",
    clear: "Filter aufheben",
    any: "Alle",
    anyStatus: "Jeder Stand",
    me: "Mir",
    status: "Stand",
    assignee: "Zugewiesen",
    team: "Team",
    label: "Markierung",
    channel: "Kanal",
    priority: "Vorrang",
    unread: "Nur ungelesene",
    sort: "Reihenfolge",
    newest: "Neueste zuerst",
    oldest: "Älteste zuerst",
    remove: (what) => `Filter „${what}“ aufheben`,
    priorities: { urgent: "Dringend", high: "Hoch", normal: "Üblich", low: "Niedrig" },
    noTeam: "Kein Team",
  },
  view: {
    save: "Als Ansicht speichern",
    saveTitle: "Diese Filter speichern",
    change: "Diese Ansicht ändern",
    name: "Name",
    shared: "Für alle",
    sharedWhy: "Andere sehen sie auch in ihrer Leiste.",
    submit: "Speichern",
    busy: "Wird gespeichert…",
    update: "Diese Filter darin behalten",
    remove: "Diese Ansicht löschen",
    removeSure: "Endgültig löschen",
    actions: "Diese Ansicht",
  },
  bulk: {
    label: "Ausgewählte Gespräche",
    count: (count) => plural(count, "# ausgewählt", "# ausgewählt"),
    assign: "Zuweisen",
    tag: "Markieren",
    snooze: "Zurückstellen",
    resolve: "Erledigen",
    reopen: "Wieder öffnen",
    clear: "Nichts auswählen",
    changed: (count) => plural(count, "# Gespräch geändert", "# Gespräche geändert"),
    refused: (count) =>
      plural(count, "# Gespräch konnte nicht geändert werden.", "# Gespräche konnten nicht geändert werden."),
    select: (name) => `${name} auswählen`,
  },
  until: {
    hour: "In einer Stunde",
    later: "Später am Tag",
    tomorrow: "Morgen früh",
    monday: "Nächsten Montag",
    week: "In einer Woche",
  },
  mentions: {
    by: (name) => `${name} in einer Notiz`,
    error: "Ihre Erwähnungen konnten nicht geladen werden.",
    new: "Neu",
    more: "Mehr zeigen",
  },
};
