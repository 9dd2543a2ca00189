/** Golden traces: a snapshot, entries of the log, and the snapshot they lead to. The server's tests write and replay the same files. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { applyAll } from "./apply";
import { toEvent, type WireEvent } from "./event";
import type { Inbox } from "./inbox";

const FOLDER = join(import.meta.dirname, "../../../tests/traces");

interface Trace {
  readonly name: string;
  readonly before: Inbox;
  readonly events: readonly WireEvent[];
  readonly after: Inbox;
}

const traces = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => [file, JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Trace] as const);

test("there are traces to replay", () => {
  expect(traces.length).toBeGreaterThan(0);
});

test.each(traces)("%s: live is the same as reloaded", (_file, { before, events, after }) => {
  expect(applyAll(before, events.map(toEvent))).toEqual(after);
});

test.each(traces)("%s: a replay changes nothing", (_file, { before, events, after }) => {
  const again = [...events, ...events].map(toEvent);
  expect(applyAll(before, again)).toEqual(after);
});
