/** What a person changes about themselves. */

import { get, post, send } from "../../api";
import type { Me } from "../../model/types";

export interface LoginSession {
  readonly id: string;
  readonly tenant: string;
  readonly device: string | null;
  readonly user_agent: string;
  readonly current: boolean;
  readonly created_at: string;
  readonly last_seen_at: string;
}

export interface SecondFactor {
  readonly enabled: boolean;
  readonly recovery_codes: number;
}

export interface NewSecondFactor {
  readonly secret: string;
  readonly address: string;
  /** The address as a QR code, in SVG. */
  readonly qr: string;
}

interface RecoveryCodes {
  readonly recovery_codes: readonly string[];
}

const FACTOR = "/me/second-factor";

export function rename(name: string): Promise<Me> {
  return post<Me>("/me", { name }, "PATCH");
}

export async function changePassword(current: string, fresh: string): Promise<void> {
  await sendJson("/me/password", { current_password: current, new_password: fresh });
}

export function switchTenant(slug: string): Promise<Me> {
  return post<Me>("/me/tenant", { tenant: slug });
}

export function secondFactor(): Promise<SecondFactor> {
  return get<SecondFactor>(FACTOR);
}

export function beginSecondFactor(password: string): Promise<NewSecondFactor> {
  return post<NewSecondFactor>(FACTOR, { current_password: password });
}

export async function confirmSecondFactor(code: string): Promise<readonly string[]> {
  return (await post<RecoveryCodes>(`${FACTOR}/confirm`, { code })).recovery_codes;
}

export async function renewRecoveryCodes(password: string): Promise<readonly string[]> {
  return (await post<RecoveryCodes>(`${FACTOR}/recovery-codes`, { current_password: password }))
    .recovery_codes;
}

export async function disableSecondFactor(password: string): Promise<void> {
  await sendJson(`${FACTOR}/disable`, { current_password: password });
}

export async function listSessions(): Promise<readonly LoginSession[]> {
  return (await get<{ readonly data: readonly LoginSession[] }>("/sessions")).data;
}

export async function endSession(id: string): Promise<void> {
  await send(`/sessions/${id}`, { method: "DELETE" });
}

export async function endOtherSessions(): Promise<void> {
  await send("/sessions/end-others", { method: "POST" });
}

// For answers without a body.
async function sendJson(path: string, body: unknown): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await send(path, { method: "POST", headers, body: JSON.stringify(body) });
}
