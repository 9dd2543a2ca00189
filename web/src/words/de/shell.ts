/** Der Rahmen um alles: Sprunglink, Menü, Tasten, Verbindung. */

import type { shell as English } from "../en/shell";
import { number } from "./forms";

export const shell: typeof English = {
  skip: { thread: "Zum Gespräch springen", settings: "Zu den Einstellungen springen" },
  views: {
    label: "Ansichten",
    inbox: "Posteingang",
    choose: "Ansicht wählen",
    gone: "Diese Ansicht gibt es nicht mehr",
    names: {
      open: "Posteingang",
      mine: "Meine",
      unassigned: "Nicht zugewiesen",
      mentions: "Erwähnungen",
      pending: "Wartend",
      snoozed: "Zurückgestellt",
      resolved: "Erledigt",
      all: "Alle",
    },
    saved: "Gespeicherte Ansichten",
    teams: "Teams",
    labels: "Markierungen",
  },
  connection: {
    waiting: (age) => `Verbindung wird wiederhergestellt… Stand von vor ${age}`,
    retry: "Jetzt versuchen",
  },
  live: {
    one: (name) => `Neue Nachricht von ${name}`,
    many: (count) => `${number(count)} neue Nachrichten`,
  },
  menu: {
    account: "Konto und Einstellungen",
    theme: "Farben",
    system: "Wie das System",
    light: "Hell",
    dark: "Dunkel",
    language: "Sprache",
    notifications: "Benachrichtigungen",
    notificationsOff: "Ihr Browser erlaubt keine Benachrichtigungen",
    notificationsOffWhy:
      "Erlauben Sie sie für diese Seite in den Einstellungen des Browsers, dann schalten Sie sie hier ein.",
    sound: "Klang",
    languageError: "Die Texte dieser Sprache konnten nicht geladen werden.",
    shortcuts: "Tastenkürzel",
    logout: "Abmelden",
    logoutError: "Sie sind noch angemeldet",
    logoutErrorWhy:
      "Postgate hat nicht geantwortet. Prüfen Sie Ihre Verbindung und melden Sie sich noch einmal ab.",
    apiKey: "API-Schlüssel",
  },
  shortcuts: {
    title: "Tastenkürzel",
    close: "Schließen",
    groups: { list: "In der Liste", conversation: "Im Gespräch", go: "Woandershin", page: "Überall" },
    then: "dann",
    down: "In der Liste nach unten",
    up: "In der Liste nach oben",
    open: "Gespräch öffnen",
    select: "Gespräch auswählen",
    selectTo: "Alle bis zum Gespräch auswählen",
    selectAll: "Alle Gespräche der Liste auswählen",
    mine: "Zu dem, was mir gehört",
    unassigned: "Zu dem, was niemand hat",
    back: "Zurück zur Liste",
    details: "Einzelheiten ein- oder ausblenden",
    inbox: "Zum Posteingang",
    all: "Zu allen Gesprächen",
    settings: "Zu den Einstellungen",
    sheet: "Alle Tasten zeigen",
  },
  palette: {
    title: "Befehle",
    placeholder: "Befehl eingeben",
    goTo: (view) => `Zu ${view}`,
    none: "Nichts heißt so.",
  },
  person: { unknown: "Jemand, der nicht mehr da ist", nobody: "Niemand", you: (name) => `${name} (Sie)` },
  error: {
    retry: "Noch einmal versuchen",
    unreachable: "Postgate hat nicht geantwortet. Prüfen Sie Ihre Verbindung.",
    part: "Dieser Teil der Seite konnte nicht geladen werden.",
    partLoading: "Wird geladen…",
  },
  simulate: {
    action: "Beispielnachrichten senden",
    busy: "Wird gesendet…",
    error: "Die Beispielnachrichten konnten nicht gestartet werden.",
  },
};
