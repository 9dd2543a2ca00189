/** Die Anmeldung. */

import type { login as English } from "../en/login";

export const login: typeof English = {
  title: "Bei Postgate anmelden",
  email: "E-Mail",
  password: "Passwort",
  submit: "Anmelden",
  busy: "Anmeldung läuft…",
  ended: "Ihre Sitzung ist zu Ende. Melden Sie sich an, um dort weiterzumachen, wo Sie waren.",
  wrong: "E-Mail und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.",
  tooMany: (seconds) =>
    seconds === null
      ? "Zu viele Versuche. Warten Sie einen Moment und versuchen Sie es dann noch einmal."
      : `Zu viele Versuche. Versuchen Sie es in ${seconds} s noch einmal.`,
  hint: "Mit „postgate up“ gestartet? Die Zugangsdaten stehen in Ihrem Terminal.",
};
