/** The providers and connections that the settings show, and what changes them. */

import { computed, signal } from "@preact/signals";
import { ApiError, get, post, send } from "../api";
import { me } from "../store";
import type { ChannelView, ConnectionView, Provider, SelfTest } from "./types";

interface List<Item> {
  readonly data: readonly Item[];
}

export const providers = signal<readonly Provider[]>([]);
export const connections = signal<readonly ConnectionView[]>([]);
export const state = signal<"idle" | "loading" | "ready" | "failed">("idle");

/** Whether this person may change connections. */
export const mayManage = computed(() => ["owner", "admin"].includes(me.value?.role ?? ""));

/** What a provider calls itself; its name of ours until that is known. */
export function providerTitle(name: string): string {
  return providers.value.find((one) => one.name === name)?.title ?? name;
}

export async function load(): Promise<void> {
  state.value = state.peek() === "ready" ? "ready" : "loading";
  try {
    const [known, made] = await Promise.all([
      get<List<Provider>>("/providers"),
      get<List<ConnectionView>>("/connections"),
    ]);
    providers.value = known.data;
    connections.value = made.data;
    state.value = "ready";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.value = "failed";
  }
}

/** Look at one connection anew; a failure leaves what is shown. */
export async function refresh(id: string): Promise<void> {
  try {
    put(await get<ConnectionView>(`/connections/${id}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

export async function create(body: unknown): Promise<ConnectionView> {
  const made = await post<ConnectionView>("/connections", body);
  put(made);
  return made;
}

export async function change(id: string, body: unknown): Promise<void> {
  put(await post<ConnectionView>(`/connections/${id}`, body, "PATCH"));
}

export async function remove(id: string): Promise<void> {
  await send(`/connections/${id}`, { method: "DELETE" });
  connections.value = connections.peek().filter((one) => one.id !== id);
}

export async function addChannel(id: string, body: unknown): Promise<void> {
  await post<ChannelView>(`/connections/${id}/channels`, body);
  await refresh(id);
}

export async function removeChannel(id: string, channel: string): Promise<void> {
  await send(`/channels/${channel}`, { method: "DELETE" });
  await refresh(id);
}

export async function runSelfTest(id: string): Promise<SelfTest> {
  const response = await send(`/connections/${id}/self-test`, { method: "POST" });
  return (await response.json()) as SelfTest;
}

function put(changed: ConnectionView): void {
  const all = connections.peek();
  const known = all.some((one) => one.id === changed.id);
  connections.value = known ? all.map((one) => (one.id === changed.id ? changed : one)) : [...all, changed];
}
