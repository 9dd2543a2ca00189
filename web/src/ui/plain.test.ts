import { expect, test } from "vitest";
import { marked, plainName, within } from "./plain";

test.each([
  ["what turns the direction", "Anna\u202egpj.exe \u2066Bank\u200f", "Annagpj.exe Bank"],
  ["what can't be seen", "Pay\u200bPal\u00ad\ufeff", "PayPal"],
  ["line breaks", " Kim\r\nDoe ", "Kim Doe"],
  ["nothing that can be seen", "\u200b\u3164\u2060 ", null],
  ["no name", null, null],
])("a name is plain: %s", (_, name, plain) => {
  expect(plainName(name)).toBe(plain);
});

test.each(["דנה לוי (VIP)", "\u0639\u0644\u064a\u200c\u0631\u0636\u0627", "👩‍👩‍👧 Lee 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "<b>Kim</b>"])(
  "a name stays as it is: %s",
  (name) => {
    expect(plainName(name)).toBe(name);
  },
);

test("a name that nobody reads to its end is cut, between two characters", () => {
  const cut = plainName("x".repeat(10_000)) ?? "";
  expect(cut).toBe(`${"x".repeat(200)}…`);
  expect(plainName(cut)).toBe(cut);
  expect(plainName(`${"x".repeat(199)}😀${"x".repeat(9)}`)).toBe(`${"x".repeat(199)}…`);
});

test("what would turn an address around is marked", () => {
  expect(marked("https://bank.example/\u202emoc.live")).toBe("https://bank.example/\ufffdmoc.live");
  expect(marked("photo.jpg")).toBe("photo.jpg");
});

test("a name that is read from the right leaves the sentence around it alone", () => {
  expect(within("דנה")).toBe("\u2068דנה\u2069");
  expect(within("Dana")).toBe("Dana");
});
