/** What things are called. */

import type { ChannelKind, ConversationStatus, MessageStatus } from "../../model/types";

const channels: Record<ChannelKind, string> = { whatsapp: "WhatsApp", sms: "SMS", email: "Email" };

const statuses: Record<ConversationStatus, string> = {
  open: "Open",
  pending: "Pending",
  snoozed: "Snoozed",
  resolved: "Resolved",
};

const delivery: Record<MessageStatus, string> = {
  received: "Received",
  queued: "Waiting to be sent",
  unknown: "Sent, perhaps: the provider has not confirmed it",
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  played: "Played",
  failed: "Failed",
  canceled: "Taken back",
};

const kinds: Record<string, string> = {
  image: "Image",
  audio: "Audio",
  voice: "Voice message",
  video: "Video",
  document: "Document",
  sticker: "Sticker",
  location: "Location",
  contacts: "Contact",
  order: "Order",
  unsupported: "A message that cannot be shown here",
};

const attachments: Record<string, string> = {
  image: "Image",
  audio: "Audio",
  voice: "Voice message",
  video: "Video",
  document: "Document",
  sticker: "Sticker",
  file: "File",
};

const attachmentState: Record<"pending" | "failed" | "expired", string> = {
  pending: "Being fetched",
  failed: "Could not be fetched",
  expired: "No longer available",
};

export const names = {
  product: "Postgate",
  channels,
  statuses,
  delivery,
  kinds,
  attachments,
  attachmentState,
};
