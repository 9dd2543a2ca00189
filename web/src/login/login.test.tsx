import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fakeGateway, Refusal } from "../../tests/gateway";
import { Login } from "./login";

beforeEach(() => {
  render(<Login />);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the login", () => {
  test.each([
    [new Refusal(401, "login_failed"), /do not match/u],
    [new Refusal(429, "too_many"), /Too many tries/u],
  ])("keeps what was typed and says what to do", async (refusal, expected) => {
    fakeGateway({ "POST /login": refusal });
    await submit();
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toMatch(expected);
    expect(screen.getByLabelText<HTMLInputElement>("Email").value).toContain("jane@example.org");
    expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe("wrong");
    expect(document.activeElement).toBe(screen.getByLabelText("Password"));
  });

  test("says so when nobody answers", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    await submit();
    expect((await screen.findByRole("alert")).textContent).toMatch(/did not answer/u);
  });
});

async function submit(): Promise<void> {
  const email = screen.getByLabelText("Email");
  await userEvent.clear(email);
  await userEvent.type(email, "jane@example.org");
  await userEvent.type(screen.getByLabelText("Password"), "wrong");
  await userEvent.click(screen.getByRole("button", { name: "Log in" }));
}
