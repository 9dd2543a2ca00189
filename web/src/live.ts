/**
 * The live connection: connect, resume after the last position, back off.
 *
 * Nothing is lost across a drop because each connection starts by naming the
 * last entry that was folded in, and nothing is counted twice because an entry
 * at or below that position is dropped. A hole in the numbers means a frame went
 * missing: the socket is thrown away and the next one resumes before the hole.
 */

import { toEvent, type LogEvent, type WireEvent } from "./model/event";

export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "waiting"; readonly since: number };

export interface Position {
  readonly seq: number;
  readonly epoch: string;
}

/** The part of a WebSocket this file uses; tests pass a fake. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface LiveOptions {
  readonly open: () => Socket;
  readonly from: Position;
  readonly onEvent: (event: LogEvent) => void;
  /** The log can no longer be followed from here: load a fresh snapshot and start anew. */
  readonly onResync: () => void;
  /** The server hung up because the login ended or was refused. */
  readonly onRefused: () => void;
  /** Something of this member alone changed in another window of theirs. */
  readonly onOwn: (what: string, data: unknown) => void;
  /** What others do just now: who is there, looks, and writes. It is not in the log, and may be lost. */
  readonly onTold: (frame: Told) => void;
  readonly onConnection: (connection: Connection) => void;
  readonly now: () => number;
  readonly random: () => number;
}

/** A frame that is no entry of the log. */
export interface Told {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface Live {
  /** Tell others something that may be lost. */
  say(frame: Told): void;
  /** Try at once instead of waiting for the next attempt. */
  nudge(): void;
  /** Give the connection up and try again: it can't be alive, whatever it looks like. */
  giveUp(): void;
  stop(): void;
}

const FIRST_WAIT = 400;
const LONGEST_WAIT = 15_000;
const PING_EVERY = 25_000;
const SILENCE_LIMIT = 60_000;
const REFUSED = 1008;
const GAP = 4000;
const EPHEMERAL: ReadonlySet<string> = new Set(["presence", "typing", "online"]);

interface Frame {
  readonly type: string;
  readonly epoch?: string;
  readonly event?: WireEvent;
  readonly what?: string;
  readonly data?: unknown;
}

export function startLive(options: LiveOptions): Live {
  let seq = options.from.seq;
  let attempts = 0;
  let gapAt = -1;
  let socket: Socket | null = null;
  let opened = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let pulse: ReturnType<typeof setInterval> | undefined;
  let heardAt = 0;
  let lostAt: number | null = null;
  let stopped = false;

  connect();
  return { say, nudge, giveUp, stop };

  function connect(): void {
    clearTimeout(retry);
    const current = options.open();
    socket = current;
    opened = false;
    heardAt = options.now();
    current.onopen = () => {
      opened = true;
      current.send(JSON.stringify({ type: "resume", after: seq, epoch: options.from.epoch }));
    };
    current.onmessage = (message) => {
      if (current === socket) receive(JSON.parse(String(message.data)) as Frame);
    };
    current.onclose = (close) => {
      if (current === socket) lose(close.code);
    };
    clearInterval(pulse);
    pulse = setInterval(beat, PING_EVERY);
  }

  function receive(frame: Frame): void {
    heardAt = options.now();
    if (frame.type === "hello") greet(frame);
    else if (frame.type === "resync") resync();
    else if (frame.type === "own" && frame.what !== undefined) options.onOwn(frame.what, frame.data);
    else if (frame.type === "event" && frame.event !== undefined) take(frame.event);
    else if (EPHEMERAL.has(frame.type)) options.onTold({ ...frame });
  }

  function say(frame: Told): void {
    if (opened && socket !== null) socket.send(JSON.stringify(frame));
  }

  function greet(frame: Frame): void {
    if (frame.epoch !== undefined && frame.epoch !== options.from.epoch) {
      resync();
      return;
    }
    attempts = 0;
    lostAt = null;
    options.onConnection({ state: "live" });
  }

  function take(wire: WireEvent): void {
    if (wire.seq <= seq) return;
    if (wire.seq > seq + 1) {
      mendGap();
      return;
    }
    seq = wire.seq;
    options.onEvent(toEvent(wire));
  }

  // Resuming twice from one place would end in the same hole: then only a snapshot helps.
  function mendGap(): void {
    if (gapAt === seq) {
      resync();
      return;
    }
    gapAt = seq;
    drop(GAP);
    connect();
  }

  function resync(): void {
    stop();
    options.onResync();
  }

  function lose(code: number): void {
    socket = null;
    clearInterval(pulse);
    if (stopped) return;
    if (code === REFUSED) options.onRefused();
    lostAt ??= heardAt;
    options.onConnection({ state: "waiting", since: lostAt });
    retry = setTimeout(connect, backoff(attempts, options.random()));
    attempts += 1;
  }

  // A link can die without a close frame (a lid shut, a changed network): silence is a loss too.
  function beat(): void {
    if (options.now() - heardAt > SILENCE_LIMIT) giveUp();
    else if (opened) socket?.send(JSON.stringify({ type: "ping" }));
  }

  function giveUp(): void {
    if (socket === null || stopped) return;
    drop(GAP);
    lose(0);
  }

  function nudge(): void {
    if (socket === null && !stopped) connect();
  }

  function stop(): void {
    stopped = true;
    clearTimeout(retry);
    clearInterval(pulse);
    drop(1000);
  }

  function drop(code: number): void {
    const old = socket;
    socket = null;
    old?.close(code);
  }
}

/** Milliseconds before attempt `n`: doubling, capped, half of it by chance so that browsers spread out. */
export function backoff(attempt: number, chance: number): number {
  const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
  return ceiling / 2 + (ceiling / 2) * chance;
}
