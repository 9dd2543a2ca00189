/** A gateway that lives in the test: answers by path, and sockets that a test speaks through. */

import { vi } from "vitest";

/** A body to answer with, a `Refusal`, or a function that makes either. */
type Answers = Record<string, unknown>;

/** A problem to answer with. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {}
}

export interface FakeGateway {
  /** "METHOD /path?query" of every call, in order. */
  readonly calls: string[];
  answers: Answers;
}

/** Stand in for `fetch`. A path without an answer is a bug of the test. */
export function fakeGateway(answers: Answers): FakeGateway {
  const gateway: FakeGateway = { calls: [], answers };
  vi.stubGlobal("fetch", (path: string, init: RequestInit = {}) => {
    const call = `${init.method ?? "GET"} ${path.replace("/api/v1", "")}`;
    gateway.calls.push(call);
    return Promise.resolve(respond(gateway.answers, call));
  });
  return gateway;
}

function respond(answers: Answers, call: string): Response {
  const answer = answers[call];
  const value: unknown = typeof answer === "function" ? (answer as () => unknown)() : answer;
  if (value === undefined) throw new Error(`nothing answers ${call}`);
  if (!(value instanceof Refusal)) return Response.json(value);
  return Response.json({ code: value.code, title: value.code }, { status: value.status });
}

/** A stand-in for the browser's WebSocket. */
export class FakeWebSocket {
  static all: FakeWebSocket[] = [];

  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;
  readonly sent: unknown[] = [];

  constructor(readonly url: string) {
    FakeWebSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    return;
  }
  hear(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  static newest(): FakeWebSocket {
    const socket = FakeWebSocket.all.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }
}
