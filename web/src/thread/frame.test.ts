import { describe, expect, test } from "vitest";
import { dress, foldQuotes, holdImages, pageFor, paints } from "./frame";

describe("a mail's frame", () => {
  test("carries styles past the policy and sets them from outside", () => {
    const inside = open('<p style="color: red">Hello</p>');
    expect(inside.querySelector("[style]")).toBeNull();
    dress(inside);
    expect(inside.querySelector("p")?.style.color).toBe("red");
  });

  test("leaves text that talks about styles alone", () => {
    expect(open("<p>write style=x there</p>").body.textContent).toBe("write style=x there");
  });

  test("does not let a mail cover its frame", () => {
    const inside = open('<div style="position: fixed; height: 100vh">Pay now</div>');
    dress(inside);
    expect(inside.querySelector("div")?.style.position).toBe("static");
    expect(inside.querySelector("div")?.style.height).toBe("");
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
    const inside = open(
      '<img src="https://example.org/p.gif" alt="Logo"><img src="data:image/gif;base64,R0lGOD">',
    );
    expect(holdImages(inside)).toBe(true);
    expect(inside.querySelectorAll("img")).toHaveLength(1);
    expect(inside.body.textContent).toBe("Logo");
  });

  test("folds what a mail quotes and unfolds it again", () => {
    const inside = open("<p>Yes</p><blockquote>Do you?<blockquote>Well</blockquote></blockquote>");
    const quote = inside.querySelector<HTMLElement>("blockquote");
    expect(foldQuotes(inside, true)).toBe(true);
    expect(quote?.hidden).toBe(true);
    foldQuotes(inside, false);
    expect(quote?.hidden).toBe(false);
  });

  test("shows a mail that is nothing but a quote", () => {
    expect(foldQuotes(open("<blockquote>Forwarded</blockquote>"), true)).toBe(false);
  });
});

describe("white paper", () => {
  test.each([
    '<p style="color:#333">x</p>',
    '<td bgcolor="#fff">x</td>',
    '<div style="margin:0;background-color: white">x</div>',
    '<font color="red">x</font>',
  ])("is laid under %s", (html) => {
    expect(paints(html)).toBe(true);
  });

  test.each(["<p>The color: red</p>", '<p style="margin:0">x</p>', "plain"])(
    "is not needed for %s",
    (html) => {
      expect(paints(html)).toBe(false);
    },
  );
});

function open(html: string): Document {
  return new DOMParser().parseFromString(pageFor(html, "light"), "text/html");
}
