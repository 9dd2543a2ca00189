/** The panel beside the thread. */

export const customer = {
  label: "Customer",
  nobody: "Somebody without a name",
  conversation: "Conversation",
  address: "Address",
  channel: "Channel",
  receivedAt: "Received at",
  status: "Status",
  subject: "Subject",
  firstSeen: "Started",
  lastSeen: "Last message",
  window: "Reply window",
  windowOpen: (left: string) => `Closes in ${left}`,
  windowClosed: "Closed",
  copy: (what: string) => `Copy ${what}`,
  copied: "Copied",
  close: "Close details",
  reference: "Reference",
};
