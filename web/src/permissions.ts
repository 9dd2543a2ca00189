/** What the person at this page may do. The gateway decides; the page only leaves out what would be refused. */

import { me } from "./store";

export type Permission =
  | "inbox.read"
  | "account.write"
  | "conversations.write"
  | "messages.send"
  | "customers.write"
  | "customers.merge"
  | "customers.import"
  | "customers.export"
  | "customers.privacy"
  | "workspace.write"
  | "webhooks.read"
  | "webhooks.replay"
  | "endpoints.write"
  | "connections.write"
  | "members.write"
  | "api_keys.write"
  | "tenant.write"
  | "audit.read";

/** Whether this may be done; to be asked while drawing, since a role can change. */
export function may(permission: Permission): boolean {
  return me.value?.permissions.includes(permission) === true;
}
