/** Einstellungen → Personenbezogene Daten. */

import type { pii as English } from "../en/pii";
import { plural } from "./forms";

export const pii: typeof English = {
  title: "Personenbezogene Daten",
  lead: "Wonach in Nachrichten, Notizen und Kundenkarten gesucht wird, kurz nachdem sie geschrieben wurden.",
  loading: "Wird geladen",
  error: "Die Regeln konnten nicht geladen werden",
  looksFor: "Wonach gesucht wird",
  kinds: {
    payment_card: "Zahlungskarten",
    iban: "Bankkonten",
    national_id: "Ausweis- und Steuernummern",
    email: "E-Mail-Adressen",
    phone: "Telefonnummern",
    postal_address: "Postanschriften",
    custom: "Eigenes Muster",
  },
  means: {
    payment_card: "Nummern bekannter Herausgeber mit richtiger Prüfziffer",
    iban: "IBANs aller Länder mit richtigen Prüfziffern",
    national_id: "Aus 21 Ländern, an Prüfziffern und den Wörtern davor erkannt",
    email: "Wo immer ein @ zwischen Name und Domain steht",
    phone: "Nummern, die es nach den Rufnummernplänen gibt",
    postal_address: "Straßen mit Hausnummer, in einigen Sprachen; viele entgehen",
  },
  masked:
    "Gefundenes wird in Listen, Zitaten und Mitteilungen verdeckt, und für Endpunkte, die es so wollen. Die Nachricht selbst bleibt, wie sie ist.",
  countries: { phone: "Nummern ohne Ländervorwahl sind aus", national_id: "Nur aus diesen Ländern" },
  anyCountry: { phone: "Üblichen, oder: DE, FR", national_id: "Allen, oder: DE, FR" },
  saveCountries: "Länder speichern",
  patterns: "Eigene Muster",
  patternGone: "inzwischen entfernt",
  patternsNote: "Für eigene Nummern, etwa von Verträgen oder Mitgliedern.",
  isOn: (name: string) => `Nach ${name} suchen`,
  addPattern: "Muster hinzufügen",
  pattern: "Muster",
  patternHint:
    "9 ist eine Ziffer, a ein Buchstabe, * beides, ? heißt, dass das davor fehlen darf. Alles andere steht für sich: AB-999999",
  removeWhy: "Danach wird nicht mehr gesucht. Was gefunden wurde, bleibt in der Liste.",
  tryOut: "Ausprobieren",
  tryText: "Ein Text, der nicht behalten wird",
  look: "Durchsuchen",
  found: (count: number) =>
    count === 0 ? "Nichts gefunden" : plural(count, "# Stelle gefunden", "# Stellen gefunden"),
  againTitle: "Was vorher geschrieben wurde",
  againWhy:
    "Geänderte Regeln und Muster gelten für alles, was danach geschrieben wird. Was das Protokoll von früher noch hat, lässt sich neu durchsuchen; was schon beurteilt wurde, bleibt es.",
  again: "Neu durchsuchen",
  againDone: "Es wird durchsucht; was gefunden wird, steht nach und nach weiter unten.",
  results: "Was gefunden wurde",
  state: "Anzeigen",
  states: { open: "Noch anzusehen", confirmed: "Bestätigt", dismissed: "Verworfen" },
  none: {
    open: "Es gibt nichts mehr anzusehen.",
    confirmed: "Noch wurde nichts bestätigt.",
    dismissed: "Noch wurde nichts verworfen.",
  },
  more: "Mehr anzeigen",
  conversation: "Gespräch",
  customer: "Kunde",
  sure: (percent: number) => `${percent} % sicher`,
  confirm: "Es ist, wonach es aussieht",
  dismiss: "Es ist keines; wieder zeigen",
};
