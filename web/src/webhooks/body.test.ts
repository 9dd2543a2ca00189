import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asCurl, rawText, readBody } from "./body";

describe("a body", () => {
  test.each<[string, string, string, string]>([
    ["JSON, whatever its type says", '{"a":[1]}', "text/plain", '{\n  "a": [\n    1\n  ]\n}'],
    [
      "a form",
      "From=%2B15550100142&Body=a+b",
      "application/x-www-form-urlencoded; charset=utf-8",
      "From: +15550100142\nBody: a b",
    ],
    ["a mail", "Subject: Grüße\r\n\r\nHi", "message/rfc822", "Subject: Grüße\r\n\r\nHi"],
    ["nothing", "", "", ""],
  ])("is shown as %s", (_name, raw, type, expected) => {
    expect(readBody(encoded(raw), type).text).toBe(expected);
  });

  test("of bytes that are no text is not shown", () => {
    expect(readBody(btoa("\xff\xfe\x00"), "image/png")).toEqual({ kind: "binary", text: "" });
  });

  test("of any bytes can be read", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const base64 = btoa(String.fromCharCode(...bytes));
        expect(() => [readBody(base64, "application/x-www-form-urlencoded"), rawText(base64)]).not.toThrow();
      }),
    );
  });
});

test("a command to send it again quotes what a shell would read", () => {
  const request = { method: "POST", path: "/hooks/int_1", headers: { "content-type": "text/plain" } };
  expect(asCurl(request, "it's $HOME", "https://gate.test")).toBe(
    "curl -X POST 'https://gate.test/hooks/int_1' \\\n  -H 'content-type: text/plain' \\\n  --data-binary 'it'\\''s $HOME'",
  );
  expect(asCurl(request, "", "https://gate.test")).not.toContain("--data");
});

function encoded(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
