import { fireEvent, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Attachment, Me } from "../../model/types";
import { me } from "../../store";
import { Attachments } from "./attachments";
import { duration } from "./facts";
import { fitted } from "./fitted";

const PICTURE: Attachment = {
  id: "att_1",
  type: "image",
  filename: "chair.jpg",
  mime_type: "image/jpeg",
  size: 88_213,
  width: 4000,
  height: 3000,
  state: "stored",
};

beforeEach(() => {
  // jsdom knows no modal dialogs.
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
});

afterEach(() => {
  vi.unstubAllGlobals();
  me.value = null;
});

function show(...files: readonly Attachment[]) {
  return render(<Attachments of={files} />);
}

describe("a picture", () => {
  test("has its size before it is there", () => {
    const { container } = show(PICTURE);
    const image = container.querySelector("img");
    expect(image?.getAttribute("src")).toBe("/api/v1/attachments/att_1/content");
    expect([image?.width, image?.height]).toEqual([304, 228]);
    expect(screen.getByRole("button", { name: "Open chair.jpg" }).style.width).toBe("304px");
  });

  test("opens large, and arrows lead to its neighbours and no further", async () => {
    show(PICTURE, { ...PICTURE, id: "att_2", filename: "table.jpg" });
    await userEvent.click(screen.getByRole("button", { name: "Open chair.jpg" }));
    const dialog = await screen.findByRole("dialog", { name: "chair.jpg" });
    expect(screen.getByText("1 of 2")).toBeTruthy();
    fireEvent.keyDown(dialog, { key: "ArrowLeft" });
    expect(screen.getByText("1 of 2")).toBeTruthy();
    fireEvent.keyDown(dialog, { key: "ArrowRight" });
    expect(screen.getByRole("img", { name: "table.jpg" }).getAttribute("src")).toContain("att_2");
    fireEvent.keyDown(dialog, { key: "ArrowRight" });
    expect(screen.getByText("2 of 2")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  test("that does not load says so", () => {
    const { container } = show(PICTURE);
    const image = container.querySelector("img");
    if (image) fireEvent.error(image);
    expect(container.querySelector("img")).toBeNull();
    expect(container.querySelector(".picture.broken")).toBeTruthy();
  });

  test.each([
    ["that waits", { state: "pending" }],
    ["whose bytes are none", { mime_type: "application/octet-stream" }],
    ["that a mail shows itself", { content_id: "chair@example.org" }],
    ["that is not sent yet", { id: null }],
  ] as const)("%s is a card", (_, changed) => {
    const { container } = show({ ...PICTURE, ...changed });
    expect(container.querySelector("img")).toBeNull();
    expect(screen.getByText("chair.jpg")).toBeTruthy();
  });
});

describe("sound and films", () => {
  test("play in place", () => {
    const voice = {
      id: "att_3",
      type: "voice",
      mime_type: "audio/ogg",
      duration_ms: 7400,
      state: "stored",
    } as const;
    const { container } = show(voice, { ...PICTURE, type: "video", mime_type: "video/mp4" });
    expect(screen.getByText("0:07")).toBeTruthy();
    expect(container.querySelector("audio")?.getAttribute("src")).toBe("/api/v1/attachments/att_3/content");
    expect(container.querySelector("video")?.style.width).toBe("304px");
  });

  test("that the browser can't play can be saved", () => {
    const { container } = show({ ...PICTURE, type: "audio", filename: "note.amr", mime_type: "audio/amr" });
    const sound = container.querySelector("audio");
    if (sound) fireEvent.error(sound);
    expect(container.querySelector("audio")).toBeNull();
    expect(screen.getByRole("link", { name: "Download note.amr" }).getAttribute("href")).toContain(
      "download=true",
    );
  });
});

describe("a document", () => {
  test("has a name, a size and a way to save it", () => {
    show({ ...PICTURE, type: "document", filename: "invoice.pdf", mime_type: "application/pdf" });
    expect(screen.getByText("Document · 88 kB")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Download invoice.pdf" })).toBeTruthy();
  });

  test("that waits is busy", () => {
    const { container } = show({ ...PICTURE, state: "pending" });
    expect(container.querySelector("[aria-busy=true]")).toBeTruthy();
    expect(screen.queryByRole("link")).toBeNull();
  });
});

describe("a file that could not be had", () => {
  const gone: Attachment = { ...PICTURE, state: "expired", error: "The provider no longer has the file." };

  test("says why, and is asked for again", async () => {
    const asked = vi.fn<typeof fetch>(() => Promise.resolve(new Response("{}", { status: 202 })));
    vi.stubGlobal("fetch", asked);
    me.value = { permissions: ["conversations.write"] } as unknown as Me;
    show(gone);
    expect(screen.getByText("The provider no longer has the file.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(asked.mock.calls[0]?.[0]).toBe("/api/v1/attachments/att_1/fetch");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test("says so when it can't be asked for", async () => {
    const problem = { code: "wrong_state", title: "Not now", detail: "this file is being fetched" };
    const headers = { "Content-Type": "application/problem+json" };
    vi.stubGlobal("fetch", () =>
      Promise.resolve(new Response(JSON.stringify(problem), { status: 409, headers })),
    );
    me.value = { permissions: ["conversations.write"] } as unknown as Me;
    show(gone);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect((await screen.findByRole("alert")).textContent).toBe("this file is being fetched");
  });

  test("offers nothing to those who may not ask", () => {
    show(gone);
    expect(screen.queryByRole("button")).toBeNull();
  });
});

test.each([
  [
    { width: 4000, height: 3000 },
    { width: 304, height: 228 },
  ],
  [
    { width: 100, height: 4000 },
    { width: 44, height: 320 },
  ],
  [
    { width: 1, height: 1 },
    { width: 44, height: 44 },
  ],
  [
    { width: null, height: null },
    { width: 304, height: 200 },
  ],
])("%o is shown as %o", (size, shown) => {
  expect(fitted({ ...PICTURE, ...size })).toEqual(shown);
});

test("durations are minutes and seconds", () => {
  expect([200, 7400, 65_000, 3_600_000].map(duration)).toEqual(["0:01", "0:07", "1:05", "60:00"]);
});
