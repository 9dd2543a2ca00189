/** Einstellungen → Personen. */

import type { people as English } from "../en/people";
import { plural } from "./forms";

export const people: typeof English = {
  title: "Personen",
  lead: "Wer in diesem Arbeitsbereich arbeitet, und was sie dürfen.",
  readOnly: "Nur Inhaber und Administratoren laden Personen ein und ändern sie.",
  roles: {
    owner: "Inhaber",
    admin: "Administrator",
    manager: "Leitung",
    operator: "Bearbeiter",
    viewer: "Leser",
  },
  roleLead: {
    owner: "Darf alles und entscheidet über Inhaber.",
    admin: "Verwaltet Personen, Verbindungen und API-Schlüssel.",
    manager: "Verwaltet Teams, Labels und Kunden.",
    operator: "Antwortet Kunden.",
    viewer: "Liest mit.",
  },
  you: "Sie",
  role: "Rolle",
  roleOf: (name) => `Rolle von ${name}`,
  more: (count) => plural(count, "# weiteres Recht", "# weitere Rechte"),
  extra: "Weitere Rechte",
  extraOf: (name) => `Weitere Rechte von ${name}`,
  extraWhy: "Über das hinaus, was die Rolle erlaubt. Sie können nur geben, was Sie selbst haben.",
  save: "Speichern",
  disabled: "Gesperrt",
  disable: "Sperren",
  enable: "Entsperren",
  actionsFor: (name) => `Aktionen für ${name}`,
  confirm: (name) => `${name} sperren?`,
  confirmWhy:
    "Alle Anmeldungen enden sofort. Was die Person schrieb, bleibt mit ihrem Namen; Sie können sie wieder entsperren.",
  cancel: "Abbrechen",
  invite: "Jemanden einladen",
  inviteLead: "Die Person bekommt einen Link, der sieben Tage und einmal gilt.",
  email: "E-Mail",
  send: "Einladen",
  sending: "Wird eingeladen…",
  waiting: "Offene Einladungen",
  expires: (day) => `Bis ${day}`,
  expired: "Abgelaufen",
  resend: "Noch einmal schicken",
  revoke: "Zurücknehmen",
  mailed: (email) => `Eine Mail an ${email} ist unterwegs.`,
  linkTitle: "Diesen Link weitergeben",
  linkWhy: (email) =>
    `Es konnte keine Mail geschickt werden. Geben Sie ${email} diesen Link selbst: Wer ihn hat, kann beitreten. Er wird nur jetzt gezeigt.`,
  link: "den Link",
  done: "Fertig",
  loading: "Personen werden geladen",
  error: "Die Personen konnten nicht geladen werden.",
};
