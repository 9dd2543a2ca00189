/** Die Spalte neben dem Gespräch. */

import type { customer as English } from "../en/customer";

export const customer: typeof English = {
  label: "Kunde",
  nobody: "Jemand ohne Namen",
  conversation: "Gespräch",
  address: "Adresse",
  channel: "Kanal",
  receivedAt: "Empfangen unter",
  status: "Stand",
  subject: "Betreff",
  firstSeen: "Begonnen",
  lastSeen: "Letzte Nachricht",
  window: "Antwortfenster",
  windowOpen: (left) => `Schließt in ${left}`,
  windowClosed: "Geschlossen",
  copy: (what) => `${what} kopieren`,
  copied: "Kopiert",
  close: "Einzelheiten schließen",
  reference: "Kennung",
};
