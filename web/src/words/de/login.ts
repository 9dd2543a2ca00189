/** Die Wege hinein: Anmeldung, Code, vergessenes Passwort, Einladung. */

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
  forgot: "Passwort vergessen?",
  signInWith: (provider) => `Anmelden mit ${provider}`,
  signIn: "Dort anmelden",
  back: "Zurück zum Passwort",
  toLogin: "Zur Anmeldung",
  codeTitle: "Code eingeben",
  codeLead: "Öffnen Sie die eingerichtete App und geben Sie die sechs Ziffern ein, die sie jetzt zeigt.",
  code: "Einmalcode",
  codeWrong: "Der Code ist falsch oder schon benutzt. Warten Sie auf den nächsten.",
  recoveryCode: "Wiederherstellungscode",
  recoveryLead: "Geben Sie einen Ihrer aufbewahrten Wiederherstellungscodes ein. Jeder gilt einmal.",
  useRecovery: "Wiederherstellungscode benutzen",
  useCode: "App benutzen",
  startAgain: "Das hat zu lange gedauert. Beginnen Sie wieder mit dem Passwort.",
  forgotTitle: "Neues Passwort setzen",
  forgotLead: "Geben Sie Ihre E-Mail-Adresse ein, dann kommt dorthin ein Link für ein neues Passwort.",
  send: "Link schicken",
  sending: "Wird geschickt…",
  sentTitle: "Sehen Sie in Ihr Postfach",
  sent: (email) =>
    `Wenn ${email} hier ein Konto hat, ist eine Mail mit einem Link unterwegs. Der Link gilt eine Stunde.`,
  resetTitle: "Neues Passwort setzen",
  resetLead: (email) => `Für ${email}. Damit enden alle Ihre Anmeldungen.`,
  resetSubmit: "Passwort setzen",
  resetDone: "Das Passwort ist gesetzt. Melden Sie sich damit an.",
  newPassword: "Neues Passwort",
  passwordRule: "Mindestens zehn Zeichen. Am besten lang und leicht zu merken.",
  saving: "Wird gespeichert…",
  weak: "Das Passwort ist zu leicht zu erraten: Nehmen Sie mindestens zehn Zeichen, und keines, das viele benutzen.",
  deadLink: "Der Link ist abgelaufen, schon benutzt oder unvollständig.",
  joinDead: "Die Einladung gilt nicht",
  joinLooking: "Einladung wird geöffnet…",
  joinTitle: (tenant) => `${tenant} beitreten`,
  joinLead: (inviter, role) =>
    inviter === null ? `Sie sind als ${role} eingeladen.` : `${inviter} lädt Sie als ${role} ein.`,
  joinNew: (email) => `Ihr Konto wird ${email}.`,
  joinKnown: (email) => `${email} hat schon ein Konto. Geben Sie dessen Passwort ein, um damit beizutreten.`,
  joinBySignIn: (email) =>
    `${email} hat ein Konto ohne Passwort. Melden Sie sich dort an, dann sind Sie dabei.`,
  name: "Ihr Name",
  join: "Beitreten",
  joining: "Beitritt läuft…",
  refused: {
    provider_unavailable:
      "Der Anmeldedienst antwortet nicht. Versuchen Sie es später, oder mit einem Passwort.",
    not_believed: "Die Anmeldung konnte nicht bestätigt werden. Versuchen Sie es noch einmal.",
    refused: "Die Anmeldung wurde nicht beendet.",
    email_not_verified: "Der Anmeldedienst bürgt nicht für Ihre E-Mail-Adresse.",
    domain_not_allowed: "Mit Adressen Ihrer Domain kann man sich hier nicht anmelden.",
    not_a_member: "Sie gehören nicht dazu. Bitten Sie um eine Einladung.",
  },
};
