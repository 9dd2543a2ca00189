import { render, screen } from "@testing-library/preact";
import { beforeEach, expect, test } from "vitest";
import { now } from "../ui/time";
import { Alarms } from "./alarms";
import { connections } from "./connections";
import { ConnectionList } from "./list";
import { Screen } from "./screen";
import type { ConnectionView, StandingAlarm } from "./types";

const NOON = Date.parse("2026-11-16T12:00:00Z");
const SILENCE: StandingAlarm = {
  kind: "silence",
  level: "warning",
  since: "2026-11-16T03:00:00Z",
  expires_at: null,
};

function made(name: string, alarms: readonly StandingAlarm[]): ConnectionView {
  return {
    id: `int_${name}`,
    provider: "twilio",
    name,
    status: "active",
    error: null,
    report_only: false,
    settings: {},
    credentials_set: [],
    hook_url: null,
    steps: [],
    channels: [],
    silence: "normal",
    alarms,
    last_webhook_at: null,
  };
}

function login(expires_at: string | null): StandingAlarm {
  return { kind: "login", level: "critical", since: "2026-11-16T11:00:00Z", expires_at };
}

beforeEach(() => {
  now.value = NOON;
});

test("connections with an alarm come first, and say which", () => {
  connections.value = [made("Well", []), made("Silent", [SILENCE]), made("Refused", [login(null)])];
  render(<ConnectionList />);
  const cards = screen.getAllByRole("link").map((card) => card.textContent);
  expect(cards.map((card) => /^(Well|Silent|Refused)/.exec(card)?.[1])).toEqual([
    "Silent",
    "Refused",
    "Well",
  ]);
  expect(cards[1]).toContain("Login refused");
});

test.each([
  [SILENCE, "The last webhook came 9 h ago"],
  [login("2026-11-18T12:00:00Z"), "The access token ends on 18 Nov 2026"],
  [login("2026-11-16T11:59:00Z"), "The provider refuses the access token"],
  [login(null), "The provider refuses the access token"],
])("an alarm says what is wrong", (alarm, sentence) => {
  render(<Alarms of={made("One", [alarm])} />);
  expect(screen.getByRole("status").textContent).toContain(sentence);
});

test("a page begins at its top, however far down the one before it was read", () => {
  const body = document.createElement("div");
  document.body.append(body);
  body.scrollTop = 300;
  render(<Screen title="Next">{null}</Screen>, { container: body });
  expect(body.scrollTop).toBe(0);
});
