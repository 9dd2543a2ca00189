import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { backoff, startLive, type Connection, type Live, type Socket } from "./live";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;
  readonly sent: unknown[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.closed = true;
  }
  hear(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  hearEvent(seq: number): void {
    this.hear({ type: "event", event: { id: `evt_${seq}`, seq, type: "order.created", data: null } });
  }
  welcome(seq: number, epoch = "one"): void {
    this.onopen?.();
    this.hear({ type: "hello", seq, epoch, session: "s" });
  }
  die(code: number): void {
    this.onclose?.({ code });
  }
}

let sockets: FakeSocket[];
let seqs: number[];
let states: Connection[];
let resyncs: number;
let refusals: number;
let own: unknown[];
let told: unknown[];
let live: Live;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  [sockets, seqs, states, resyncs, refusals, own, told] = [[], [], [], 0, 0, [], []];
  live = startLive({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    from: { seq: 7, epoch: "one" },
    onEvent: (event) => seqs.push(event.seq),
    onResync: () => (resyncs += 1),
    onRefused: () => (refusals += 1),
    onOwn: (what, data) => own.push([what, data]),
    onTold: (frame) => told.push(frame),
    onConnection: (state) => states.push(state),
    now: Date.now,
    random: () => 0.5,
  });
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

describe("a connection", () => {
  test("names the position of the snapshot first", () => {
    newest().welcome(7);
    expect(newest().sent).toEqual([{ type: "resume", after: 7, epoch: "one" }]);
    expect(states).toEqual([{ state: "live" }]);
  });

  test("passes on what others do, and tells them, while it is open", () => {
    live.say({ type: "typing", conversation_id: "cnv_1" });
    newest().welcome(7);
    live.say({ type: "typing", conversation_id: "cnv_2" });
    newest().hear({ type: "typing", conversation_id: "cnv_3", user_id: "usr_1" });
    newest().hear({ type: "pong" });
    expect(newest().sent.slice(1)).toEqual([{ type: "typing", conversation_id: "cnv_2" }]);
    expect(told).toEqual([{ type: "typing", conversation_id: "cnv_3", user_id: "usr_1" }]);
  });

  test("drops what it has seen before", () => {
    newest().welcome(9);
    for (const seq of [6, 7, 8, 8, 9]) newest().hearEvent(seq);
    expect(seqs).toEqual([8, 9]);
  });

  test("resumes after the last entry when it comes back, and loses none", () => {
    newest().welcome(7);
    newest().hearEvent(8);
    newest().die(1012);
    vi.advanceTimersByTime(400);
    newest().welcome(10);
    expect(newest().sent[0]).toEqual({ type: "resume", after: 8, epoch: "one" });
    newest().hearEvent(9);
    newest().hearEvent(10);
    expect(seqs).toEqual([8, 9, 10]);
    expect(sockets).toHaveLength(2);
  });

  test("says since when the page may be out of date", () => {
    newest().welcome(7);
    vi.advanceTimersByTime(5_000);
    newest().hearEvent(8);
    vi.advanceTimersByTime(3_000);
    newest().die(1006);
    expect(states.at(-1)).toEqual({ state: "waiting", since: 1_005_000 });
  });

  test("throws a socket away that skipped an entry, and resumes before the hole", () => {
    newest().welcome(7);
    const first = newest();
    first.hearEvent(9);
    expect(first.closed).toBe(true);
    expect(seqs).toEqual([]);
    newest().welcome(9);
    expect(newest().sent[0]).toMatchObject({ after: 7 });
    newest().hearEvent(8);
    newest().hearEvent(9);
    expect(seqs).toEqual([8, 9]);
  });

  test("asks for a snapshot when the hole is still there after resuming", () => {
    newest().welcome(9);
    newest().hearEvent(9);
    newest().welcome(9);
    newest().hearEvent(9);
    expect(resyncs).toBe(1);
    expect(sockets).toHaveLength(2);
  });

  test.each(["behind", "epoch", "retention", "slow"])("starts over when told to resync: %s", (reason) => {
    newest().onopen?.();
    newest().hear({ type: "resync", reason });
    expect(resyncs).toBe(1);
    expect(newest().closed).toBe(true);
  });

  test("starts over when the log is another one", () => {
    newest().welcome(7, "two");
    expect(resyncs).toBe(1);
    expect(states).toEqual([]);
  });

  test("finds out about a link that died in silence", () => {
    newest().welcome(7);
    vi.advanceTimersByTime(76_000);
    expect(sockets.length).toBeGreaterThan(1);
    expect(states.some((state) => state.state === "waiting")).toBe(true);
  });

  test("is kept by answers to its pings", () => {
    newest().welcome(7);
    for (let minute = 0; minute < 6; minute += 1) {
      vi.advanceTimersByTime(25_000);
      newest().hear({ type: "pong" });
    }
    expect(sockets).toHaveLength(1);
  });

  test("says when the login was refused", () => {
    newest().die(1008);
    expect(refusals).toBe(1);
  });

  test("tries at once when asked to", () => {
    newest().die(1006);
    live.nudge();
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(10_000);
    expect(sockets).toHaveLength(2);
  });

  test("is given up at once when it can't be alive, and tried again", () => {
    newest().welcome(7);
    live.giveUp();
    expect(newest().closed).toBe(true);
    expect(states.at(-1)?.state).toBe("waiting");
    vi.advanceTimersByTime(400);
    expect(sockets).toHaveLength(2);
    newest().welcome(7);
    expect(states.at(-1)).toEqual({ state: "live" });
  });

  test("hears what changed of the member alone, beside the log", () => {
    newest().welcome(7);
    newest().hear({ type: "own", what: "view.updated", data: { id: "view_1" } });
    expect(own).toEqual([["view.updated", { id: "view_1" }]]);
    expect(seqs).toEqual([]);
  });

  test("says nothing before it is open", () => {
    vi.advanceTimersByTime(26_000);
    expect(newest().sent).toEqual([]);
  });

  test("stays away once it was stopped", () => {
    live.stop();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
    expect(newest().closed).toBe(true);
  });
});

describe("backing off", () => {
  test("doubles up to fifteen seconds", () => {
    expect([0, 1, 2, 3, 10, 60].map((attempt) => backoff(attempt, 1))).toEqual([
      400, 800, 1600, 3200, 15000, 15000,
    ]);
  });

  test("leaves half of every wait to chance", () => {
    expect(backoff(3, 0)).toBe(1600);
    expect(backoff(3, 0.5)).toBe(2400);
  });
});

function newest(): FakeSocket {
  const socket = sockets.at(-1);
  if (socket === undefined) throw new Error("no socket was opened");
  return socket;
}
