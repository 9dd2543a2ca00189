/** Die Suche. */

import type { search as English } from "../en/search";
import { number } from "./forms";

export const search: typeof English = {
  title: "Suche",
  action: "Alles durchsuchen",
  hint: "Nachrichten, Kunden und Betreffe durchsuchen",
  clear: "Suche leeren",
  close: "Abbrechen",
  loading: "Es wird gesucht…",
  where: "Suchen in",
  places: {
    all: "Allem",
    messages: "Nachrichten",
    customers: "Kunden",
    conversations: "Betreffen",
  },
  filters: "Filter",
  channel: "Jeder Kanal",
  label: "Jedes Label",
  assignee: "Von jedem bearbeitet",
  direction: "Von allen",
  directions: { inbound: "Von Kunden", outbound: "Von uns", internal: "Private Notizen" },
  since: "Jederzeit",
  days: (count) => `Letzte ${number(count)} Tage`,
  year: "Letzte 12 Monate",
  reset: "Filter entfernen",
  results: "Ergebnisse",
  count: (count) => (count === 1 ? "1 Ergebnis" : `${number(count)} Ergebnisse`),
  more: {
    all: "Mehr",
    messages: "Mehr Nachrichten",
    customers: "Mehr Kunden",
    conversations: "Mehr Betreffe",
  },
  older: "Weiter zurück suchen",
  note: "Private Notiz",
  nothing: (text) => `Nichts gefunden zu „${text}“`,
  nothingWhy:
    "Prüfen Sie die Schreibweise, nehmen Sie weniger Wörter, oder suchen Sie in allem und jederzeit.",
  noneYet: "Nichts in dem, was bisher durchsucht wurde.",
  noConversation: "Mit diesem Kunden gibt es noch kein Gespräch.",
  error: "Die Suche hat nicht geklappt.",
  tooSlow: "Diese Suche dauert zu lange. Nehmen Sie ein Wort dazu, oder grenzen Sie sie ein.",
  recent: "Letzte Suchen",
  forget: "Vergessen",
  help: "Wörter in beliebiger Folge, „Wörter nacheinander“, -ohne. Beliebige Ziffern einer Nummer, jeder Teil einer Adresse.",
};
