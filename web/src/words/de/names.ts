/** Wie die Dinge heißen. */

import type { names as English } from "../en/names";

export const names: typeof English = {
  product: "Postgate",
  channels: { whatsapp: "WhatsApp", sms: "SMS", email: "E-Mail" },
  statuses: { open: "Offen", pending: "Wartend", snoozed: "Zurückgestellt", resolved: "Erledigt" },
  delivery: {
    received: "Empfangen",
    queued: "Wartet auf den Versand",
    unknown: "Vielleicht gesendet: der Anbieter hat es nicht bestätigt",
    sent: "Gesendet",
    delivered: "Zugestellt",
    read: "Gelesen",
    played: "Angehört",
    failed: "Fehlgeschlagen",
    canceled: "Zurückgenommen",
  },
  kinds: {
    image: "Bild",
    audio: "Ton",
    voice: "Sprachnachricht",
    video: "Video",
    document: "Dokument",
    sticker: "Sticker",
    location: "Standort",
    contacts: "Kontakt",
    order: "Bestellung",
    unsupported: "Eine Nachricht, die hier nicht angezeigt werden kann",
  },
  attachments: {
    image: "Bild",
    audio: "Ton",
    voice: "Sprachnachricht",
    video: "Video",
    document: "Dokument",
    sticker: "Sticker",
    file: "Datei",
  },
  attachmentState: {
    pending: "Wird abgeholt",
    failed: "Konnte nicht abgeholt werden",
    expired: "Nicht mehr verfügbar",
  },
};
