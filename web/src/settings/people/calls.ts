/** What the page on people asks of the gateway; members themselves come with the workspace. */

import { get, post, send } from "../../api";

export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly mailed: boolean;
  readonly invited_by: string | null;
  readonly expires_at: string;
  readonly expired: boolean;
}

/** `link` is told once, where no mail could be sent. */
export interface SentInvitation extends Invitation {
  readonly link: string | null;
}

export async function listInvitations(): Promise<readonly Invitation[]> {
  return (await get<{ readonly data: readonly Invitation[] }>("/invitations")).data;
}

export function invite(email: string, role: string): Promise<SentInvitation> {
  return post<SentInvitation>("/invitations", { email, role });
}

export async function resend(id: string): Promise<SentInvitation> {
  const answer = await send(`/invitations/${id}/resend`, { method: "POST" });
  return (await answer.json()) as SentInvitation;
}

export async function revoke(id: string): Promise<void> {
  await send(`/invitations/${id}`, { method: "DELETE" });
}

/** The log tells everybody of the change, this page too. */
export async function changeMember(id: string, changes: unknown): Promise<void> {
  await post(`/members/${id}`, changes, "PATCH");
}
