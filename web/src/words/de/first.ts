/** Die ersten Schritte in einem neuen Arbeitsbereich. */

import type { first as English } from "../en/first";

export const first: typeof English = {
  title: "Erste Schritte",
  progress: (done, all) => `${done} von ${all}`,
  done: "Erledigt",
  open: "Noch zu tun",
  dismiss: "Nicht mehr zeigen",
  steps: {
    connect: {
      title: "Einen Kanal verbinden",
      why: "WhatsApp, SMS oder E-Mail: worüber Ihre Kunden schreiben.",
    },
    receive: {
      title: "Eine Nachricht empfangen",
      why: "Schreiben Sie an Ihre eigene Nummer oder Ihr Postfach und sehen Sie zu, wie es ankommt.",
    },
    answer: { title: "Darauf antworten", why: "Öffnen Sie das Gespräch und schreiben Sie zurück." },
    invite: { title: "Jemanden einladen", why: "Ein geteilter Posteingang ist leichter." },
  },
};
