/** The roles, and which of them this person may give. The gateway decides; the page leaves out what it would refuse. */

import type { Role } from "../../model/shared";
import { me } from "../../store";

export const ROLES: readonly Role[] = ["owner", "admin", "manager", "operator", "viewer"];

/** Only owners decide about owners. */
export function rolesToGive(): readonly Role[] {
  return me.value?.role === "owner" ? ROLES : ROLES.filter((one) => one !== "owner");
}
