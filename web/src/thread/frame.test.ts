import { describe, expect, test } from "vitest";
import { dress, foldQuotes, holdImages, isMail, paints } from "./frame";

const PICTURES = "/api/v1/messages/msg_1/picture?";

describe("a mail's frame", () => {
  test("does not let a mail cover its frame", () => {
    const inside = open('<div style="position: fixed; color: red">Pay now</div>');
    dress(inside);
    expect(inside.querySelector("div")?.style.position).toBe("static");
    expect(inside.querySelector("div")?.style.color).toBe("red");
  });

  test.each([
    "height: 100vh",
    "padding-top: 50vmax",
    "margin-bottom: 20dvh",
    "min-height: calc(100svh - 1px)",
  ])("does not grow with itself by %s", (style) => {
    const inside = open(`<div style="${style}; color: red">x</div>`);
    dress(inside);
    expect(inside.querySelector("div")?.getAttribute("style")).toBe("color: red;");
  });

  test("opens links elsewhere and without a way back", () => {
    const inside = open('<a href="https://example.org/x" target="_top">x</a>');
    dress(inside);
    expect(inside.querySelector("a")?.target).toBe("_blank");
    expect(inside.querySelector("a")?.rel).toContain("noopener");
  });

  test.each(["javascript:alert(1)", "data:text/html,x", "/api/v1/logout", "//example.org", " vbscript:x"])(
    "makes a link to %s dead",
    (href) => {
      const inside = open(`<a href="${href}">x</a>`);
      dress(inside);
      expect(inside.querySelector("a")?.hasAttribute("href")).toBe(false);
    },
  );

  test("puts the words of far images in their place", () => {
    const inside = open('<img alt="Logo"><img src="data:image/gif;base64,R0lGOD">');
    expect(holdImages(inside, PICTURES)).toBe(true);
    expect(inside.querySelectorAll("img")).toHaveLength(1);
    expect(inside.body.textContent).toBe("Logo (picture, not loaded)");
  });

  test("keeps a place for pictures that came with the mail", () => {
    const inside = open('<img data-file="a@x" alt="Floor plan"><img data-file="b@x">');
    expect(holdImages(inside, PICTURES)).toBe(false);
    expect([...inside.querySelectorAll(".postgate-picture")].map((place) => place.textContent)).toEqual([
      "Floor plan (picture, not fetched yet)",
      "Picture, not fetched yet",
    ]);
  });

  test("shows pictures that came with the mail once they are stored", () => {
    const inside = open('<img data-file="a@x" alt="Floor plan" src="/media/abc.123">');
    expect(holdImages(inside, PICTURES)).toBe(false);
    expect(inside.querySelector("img")?.getAttribute("src")).toBe("/media/abc.123");
    inside.querySelector("img")?.dispatchEvent(new Event("error"));
    expect(inside.body.textContent).toBe("Floor plan (picture, can't be loaded)");
  });

  test("folds what a mail quotes and unfolds it again", () => {
    const inside = open("<p>Yes</p><blockquote>Do you?<blockquote>Well</blockquote></blockquote>");
    const quote = inside.querySelector<HTMLElement>("blockquote");
    expect(foldQuotes(inside, true)).toBe("quote");
    expect(quote?.hidden).toBe(true);
    foldQuotes(inside, false);
    expect(quote?.hidden).toBe(false);
  });

  test("shows a mail that is nothing but a quote", () => {
    expect(foldQuotes(open("<blockquote>Forwarded</blockquote>"), true)).toBe("nothing");
  });

  test("folds what the gateway marked, and says when it is but a signature", () => {
    const both = open('<p>Yes</p><div data-fold="signature">Jane</div><div data-fold="quote">Do you?</div>');
    expect(foldQuotes(both, true)).toBe("quote");
    expect([...both.querySelectorAll<HTMLElement>("[data-fold]")].every((part) => part.hidden)).toBe(true);
    const signed = open('<p>Yes</p><div data-fold="signature">Jane</div>');
    expect(foldQuotes(signed, true)).toBe("signature");
    const quoting = open('<p>Yes</p><div data-fold="signature">Jane</div><blockquote>Do you?</blockquote>');
    expect(foldQuotes(quoting, true)).toBe("quote");
    expect(quoting.querySelector("blockquote")?.hidden).toBe(true);
  });

  test("shows the pictures that were asked for, and says which can't be had", () => {
    const inside = open(`<img alt="Logo" src="${PICTURES}number=0"><img src="https://example.org/x.png">`);
    expect(holdImages(inside, PICTURES)).toBe(true);
    expect(inside.querySelectorAll("img")).toHaveLength(1);
    inside.querySelector("img")?.dispatchEvent(new Event("error"));
    expect(inside.body.textContent).toBe("Logo (picture, can't be loaded)");
  });

  test("is not filled with an answer that is no mail", () => {
    expect(isMail(open("<p>Hello</p>"))).toBe(true);
    expect(isMail(new DOMParser().parseFromString("<problem/>", "application/xml"))).toBe(false);
    expect(isMail(null)).toBe(false);
  });
});

describe("white paper", () => {
  test.each([
    '<p style="color:#333">x</p>',
    '<table><tr><td bgcolor="#fff">x</td></tr></table>',
    '<div style="margin:0;background-color: white">x</div>',
    '<font color="red">x</font>',
  ])("is laid under %s", (html) => {
    expect(paints(open(html))).toBe(true);
  });

  test.each(["<p>The color: red</p>", '<p style="margin:0">x</p>', "plain"])(
    "is not needed for %s",
    (html) => {
      expect(paints(open(html))).toBe(false);
    },
  );
});

function open(html: string): Document {
  return new DOMParser().parseFromString(`<!doctype html>${html}`, "text/html");
}
