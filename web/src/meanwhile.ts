/**
 * Changing something that others change, too: only as it was seen.
 *
 * The gateway changes a thing only while it has the tag under which it was read (`If-Match`). A tag that is old says
 * little by itself: a new message changes a conversation's as well. So the thing is then read anew, and the change goes
 * on unless what it is made to is not what was on the screen.
 */

import { ApiError, send } from "./api";

interface Kept {
  readonly updated_at: string;
}

interface Tagged<Thing> {
  readonly thing: Thing;
  readonly tag: string;
}

type Values = Readonly<Record<string, unknown>>;

/** Somebody else changed the same. `names` are what of it, those of custom fields behind `custom_fields.`. */
export class ChangedMeanwhile<Thing> extends Error {
  constructor(
    readonly now: Thing,
    readonly names: readonly string[],
  ) {
    super(names.join(", "));
  }
}

const ATTEMPTS = 4;

/** What is changed in relation to what is there; nobody is in the way of that. */
const RELATIVE = new Set(["label_ids"]);

const held = new Map<string, Tagged<unknown>>();
const lines = new Map<string, Promise<unknown>>();

/**
 * Change what is at a path; returns it as it is then. One change at a time, in the order in which they were asked for.
 *
 * `seen` is the thing as it was on the screen, `wanted` makes the change to the thing as it is. Rejects with
 * `ChangedMeanwhile`, and with whatever else the gateway says.
 */
export function changeSeen<Thing extends Kept>(
  path: string,
  seen: Thing,
  wanted: (now: Thing) => object,
): Promise<Thing> {
  const before = lines.get(path) ?? Promise.resolve();
  const change = () => attempt(path, seen, wanted);
  const done = before.then(change, change);
  lines.set(path, done);
  return done;
}

async function attempt<Thing extends Kept>(
  path: string,
  seen: Thing,
  wanted: (now: Thing) => object,
): Promise<Thing> {
  const known = held.get(path) as Tagged<Thing> | undefined;
  let current = known?.thing.updated_at === seen.updated_at ? known : await read<Thing>(path);
  for (let left = ATTEMPTS; ; left -= 1) {
    const change = wanted(current.thing);
    const names = collisions(seen as unknown as Values, current.thing as unknown as Values, change as Values);
    if (names.length > 0) throw new ChangedMeanwhile(current.thing, names);
    try {
      return (await patch<Thing>(path, change, current.tag)).thing;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412 || left === 1) throw error;
      current = await read<Thing>(path);
    }
  }
}

/** Forget all that was read: at the end of a session. */
export function forgetSeen(): void {
  held.clear();
}

/** What of a change somebody else has changed since it was seen, to something else than is wanted. */
export function collisions(seen: Values, now: Values, change: Values, before = ""): readonly string[] {
  return Object.entries(change).flatMap(([name, value]) => {
    if (RELATIVE.has(name)) return [];
    if (name === "custom_fields") {
      return collisions(values(seen[name]), values(now[name]), values(value), `${name}.`);
    }
    const [was, is, wanted] = [seen[name] ?? null, now[name] ?? null, value ?? null];
    return is === was || is === wanted ? [] : [before + name];
  });
}

function values(of: unknown): Values {
  return (of ?? {}) as Values;
}

async function read<Thing>(path: string): Promise<Tagged<Thing>> {
  return keep(path, await send(path, {}));
}

async function patch<Thing>(path: string, change: object, tag: string): Promise<Tagged<Thing>> {
  const headers = { "Content-Type": "application/json", "If-Match": tag };
  return keep(path, await send(path, { method: "PATCH", headers, body: JSON.stringify(change) }));
}

async function keep<Thing>(path: string, answer: Response): Promise<Tagged<Thing>> {
  const tagged = { thing: (await answer.json()) as Thing, tag: answer.headers.get("ETag") ?? "*" };
  held.set(path, tagged);
  return tagged;
}
