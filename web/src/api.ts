/** Calls to the gateway. Every failure is an `ApiError`; an ended session is told to one listener. */

import type { Conversation, ConversationId, Me, MessageId, MessagePage, Page } from "./model/types";

/** What is wrong with one value of a request; `pointer` leads to it (RFC 6901). */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail: string | null;
  readonly errors?: readonly Fault[];
}

/** An answer that is not a success. Status 0: no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly retryAfter: number | null = null,
    readonly faults: readonly Fault[] = [],
  ) {
    super(detail);
  }
}

export interface Simulation {
  readonly count: number;
  readonly rate: number;
  readonly provider: string | null;
  readonly duplicates: number;
  readonly shuffle: boolean;
}

let whenSessionEnds: () => void = () => undefined;

/** Say who hears that the login ended. */
export function onSessionEnd(listener: () => void): void {
  whenSessionEnds = listener;
}

export function logIn(email: string, password: string): Promise<Me> {
  return post<Me>("/login", { email, password });
}

export async function logOut(): Promise<void> {
  await send("/logout", { method: "POST" });
}

export function getMe(): Promise<Me> {
  return get<Me>("/me");
}

/** A page of the list; `filters` are its parameters, written as a query. */
export function listConversations(filters: string, cursor: string | null): Promise<Page<Conversation>> {
  const page = query({ cursor, limit: "100" });
  return get<Page<Conversation>>(`/conversations${filters === "" ? page : `?${filters}&${page.slice(1)}`}`);
}

export function getConversation(id: ConversationId): Promise<Conversation> {
  return get<Conversation>(`/conversations/${encodeURIComponent(id)}`);
}

/** Which messages of a conversation: the newest, or what is older, newer, or around one of them. */
export interface MessagesWanted {
  readonly cursor?: string | null;
  readonly newer?: string;
  readonly around?: MessageId;
}

export function listMessages(id: ConversationId, wanted: MessagesWanted): Promise<MessagePage> {
  const { cursor = null, newer = null, around = null } = wanted;
  const page = query({ cursor, newer, around, limit: "50" });
  return get<MessagePage>(`/conversations/${encodeURIComponent(id)}/messages${page}`);
}

export async function markRead(id: ConversationId): Promise<void> {
  await send(`/conversations/${encodeURIComponent(id)}/read`, { method: "POST" });
}

/** Ask for a file again that could not be had; what comes of it, the log tells. */
export async function fetchAttachment(id: string): Promise<void> {
  await send(`/attachments/${encodeURIComponent(id)}/fetch`, { method: "POST" });
}

/** Where a frame finds the sanitised body of a mail. */
export function mailBodyUrl(id: MessageId, images: boolean): string {
  return `/api/v1/messages/${encodeURIComponent(id)}/html${images ? "?images=true" : ""}`;
}

/** What the addresses of a mail's pictures from elsewhere begin with. */
export function pictureUrls(id: MessageId): string {
  return `/api/v1/messages/${encodeURIComponent(id)}/picture?`;
}

export async function startSimulation(simulation: Simulation): Promise<void> {
  await post("/simulations", simulation);
}

export async function get<Body>(path: string): Promise<Body> {
  const response = await send(path, {});
  return (await response.json()) as Body;
}

export async function post<Body>(path: string, body: unknown, method = "POST"): Promise<Body> {
  const headers = { "Content-Type": "application/json" };
  const response = await send(path, { method, headers, body: JSON.stringify(body) });
  return (await response.json()) as Body;
}

export async function send(path: string, init: RequestInit): Promise<Response> {
  const response = await reach(path, init);
  if (response.ok) return response;
  const error = await readError(response);
  if (error.code === "unauthenticated") whenSessionEnds();
  throw error;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`/api/v1${path}`, { ...init, credentials: "same-origin" });
  } catch (cause) {
    throw new ApiError(0, "unreachable", cause instanceof Error ? cause.message : "");
  }
}

async function readError(response: Response): Promise<ApiError> {
  const text = await response.text();
  const problem = readProblem(text);
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const code = problem.code ?? `http_${response.status}`;
  const detail = problem.detail ?? problem.title ?? response.statusText;
  return new ApiError(response.status, code, detail, Number.isNaN(wait) ? null : wait, problem.errors ?? []);
}

// A proxy in between may answer with a page of its own instead of a problem.
function readProblem(text: string): Partial<Problem> {
  try {
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return {};
  }
}

function query(values: Readonly<Record<string, string | null>>): string {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}
