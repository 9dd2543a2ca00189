/** What is asked of the gateway before there is a login. */

import { get, post, send } from "../api";
import type { Me } from "../model/types";

/** How people can come in here, beside a password. */
export interface WaysIn {
  readonly password_reset: boolean;
  readonly single_sign_on: string | null;
}

export interface OpenInvitation {
  readonly tenant: string;
  readonly email: string;
  readonly role: string;
  readonly invited_by: string | null;
  readonly account: "new" | "password" | "single_sign_on";
}

/** Where a browser is sent to sign in elsewhere. */
export const SIGN_IN = "/api/v1/login/oidc";

export function waysIn(): Promise<WaysIn> {
  return get<WaysIn>("/login");
}

export function sendCode(code: string): Promise<Me> {
  return post<Me>("/login/second-factor", { code });
}

export async function askForReset(email: string): Promise<void> {
  await sendJson("/password-reset", { email });
}

export function lookAtReset(token: string): Promise<{ readonly email: string }> {
  return post("/password-reset/look", { token });
}

export async function resetPassword(token: string, password: string): Promise<void> {
  await sendJson("/password-reset/use", { token, password });
}

export function lookAtInvitation(token: string): Promise<OpenInvitation> {
  return post<OpenInvitation>("/join/look", { token });
}

export function join(token: string, name: string | null, password: string): Promise<Me> {
  return post<Me>("/join", name === null ? { token, password } : { token, name, password });
}

// For answers without a body.
async function sendJson(path: string, body: unknown): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await send(path, { method: "POST", headers, body: JSON.stringify(body) });
}
