/** Einstellungen → Datenschutz und Aufbewahrung, auf Deutsch. */

import type { privacy as EnglishPrivacy, retention as EnglishRetention } from "../en/privacy";
import { plural } from "./forms";

export const privacy: typeof EnglishPrivacy = {
  title: "Datenschutz",
  lead: "Was Kunden zu ihren Daten verlangt haben. Verlangt wird es auf der Karte eines Kunden.",
  none: "Noch hat niemand etwas verlangt",
  noneWhy: "Öffnen Sie einen Kunden und wählen Sie „Daten exportieren“ oder „Daten löschen…“.",
  more: "Mehr zeigen",
  kinds: { export: "Datenexport", erasure: "Löschung" },
  asked: (who: string, age: string) => `Verlangt von ${who} ${age}`,
  aProgram: "einem Programm",
  states: { waiting: "Wartet", running: "Läuft…", done: "Fertig", failed: "Fehlgeschlagen" },
  errors: {
    customer_erased: "Der Kunde wurde gelöscht.",
    storage_unavailable: "Dateien lassen sich gerade nicht lesen oder ablegen. Es wird erneut versucht.",
    key_unavailable:
      "Rohe Webhooks lassen sich mit den vorhandenen Schlüsseln nicht öffnen. Es wird erneut versucht.",
    trouble: "Etwas ging schief. Es wird erneut versucht.",
    archive_failed: "Das Archiv konnte nicht erstellt werden. Verlangen Sie es noch einmal.",
    archive_too_large: "Es ist mehr, als ein Archiv fassen kann.",
  },
  made: (size: string) => `Das Archiv ist fertig, ${size}.`,
  over: "Das Archiv ist weg: Es wird sieben Tage aufbewahrt, oder bis der Kunde gelöscht wird.",
  erased: (rows: string, tables: number) =>
    `Gelöscht: ${rows} Zeilen in ${plural(tables, "# Tabelle", "# Tabellen")}.`,
  download: "Herunterladen",
  certificate: "Bescheinigung",
  export: "Daten exportieren",
  erase: "Daten löschen…",
  ask: {
    export: (name: string) => `Exportieren, was über ${name} bekannt ist?`,
    erasure: (name: string) => `${name} endgültig löschen?`,
  },
  means: {
    export:
      "Ein Archiv mit Karte, Gesprächen, Nachrichten, Notizen und Dateien. Es ist gleich fertig und wird sieben Tage aufbewahrt.",
    erasure:
      "Karte, Gespräche, Nachrichten, Notizen und Dateien verschwinden mit allem, was daraus gemacht wurde, auch aus dem Protokoll und den rohen Webhooks. Das lässt sich nicht rückgängig machen. Wer danach von einer dieser Adressen schreibt, ist ein neuer Kunde.",
  },
  type: (name: string) => `Zur Bestätigung „${name}“ eingeben`,
  go: { export: "Exportieren", erasure: "Endgültig löschen" },
};

export const retention: typeof EnglishRetention = {
  title: "Aufbewahrung",
  lead: "Wie lange etwas aufbewahrt wird. Was älter ist, verschwindet binnen etwa einer Stunde, endgültig.",
  loading: "Wird geladen",
  error: "Es ließ sich nicht laden, wie lange etwas aufbewahrt wird.",
  days: "Tage",
  forEver: "unbegrenzt",
  kinds: {
    webhooks: {
      name: "Rohe Webhooks",
      what: "Wie die Anbieter sie schickten. Was noch geprüft werden muss, bleibt.",
    },
    deliveries: { name: "Zustellungen", what: "Was Endpunkten gemeldet wurde, mit allen Versuchen." },
    events: {
      name: "Ereignisse",
      what: "Das Protokoll, das Endpunkte und Programme lesen; mindestens so lange wie Zustellungen.",
    },
    conversations: {
      name: "Gespräche",
      what: "Erledigte mit allen Nachrichten und Dateien; es zählt, wann die letzte Nachricht kam.",
    },
    attachments: { name: "Dateien", what: "Was mit Nachrichten kam oder ging; die Nachrichten bleiben." },
    notes: { name: "Notizen zu Kunden", what: "Was Mitglieder auf einer Karte notiert haben." },
  },
  look: "Zeigen, was gelöscht würde",
  save: "Speichern",
  saveAndRemove: "Speichern und dies löschen",
  saved: "Gespeichert.",
  first: "Ein leeres Feld: wie der Betreiber sagt, oder unbegrenzt.",
  shown: "Noch hat sich nichts geändert.",
  nothing: { now: "Derzeit ist nichts zu löschen.", then: "Nichts würde gelöscht." },
  examples: "Zum Beispiel:",
  goes: (amount: string, oldest: string, would: boolean) =>
    `${amount} ${would ? "würden gelöscht" : "sind älter und werden gelöscht"}${oldest === "" ? "" : `, das älteste vom ${oldest}`}.`,
  held: (amount: string) => `${amount} sind älter, werden aber gebraucht und bleiben.`,
};
