/** Golden traces: a snapshot, entries of the log, and the snapshot they lead to. The server's tests write and replay the same files. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { applyAll } from "./apply";
import { toEvent, type WireEvent } from "./event";
import { emptyInbox, type Inbox } from "./inbox";

const FOLDER = join(import.meta.dirname, "../../../tests/traces");

type Snapshot = Pick<Inbox, "seq" | "conversations" | "messages">;

interface Trace {
  readonly name: string;
  readonly before: Snapshot;
  readonly events: readonly WireEvent[];
  readonly after: Snapshot;
}

const traces = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => [file, JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Trace] as const);

test("there are traces to replay", () => {
  expect(traces.length).toBeGreaterThan(0);
});

test.each(traces)("%s: live is the same as reloaded", (_file, { before, events, after }) => {
  expect(replay(before, events)).toEqual(after);
});

test.each(traces)("%s: a replay changes nothing", (_file, { before, events, after }) => {
  expect(replay(before, [...events, ...events])).toEqual(after);
});

function replay(before: Snapshot, events: readonly WireEvent[]): Snapshot {
  const { seq, conversations, messages } = applyAll({ ...emptyInbox(0), ...before }, events.map(toEvent));
  return { seq, conversations, messages };
}
