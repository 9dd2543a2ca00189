// TypeScript on Node 18 or newer: tell whether a delivery comes from Postgate.
import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE = 300; // seconds that the time-stamp may be off

/**
 * Tell whether one of the signatures was made with one of the secrets, just now.
 *
 * @param body the raw bytes, as they came; never the JSON written anew
 * @param headers by name in small letters, as `request.headers` has them
 * @param secrets whsec_…; two while one is being replaced
 */
export function verify(
  body: Uint8Array,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  secrets: readonly string[],
  now: number = Date.now() / 1000,
): boolean {
  const id = headers["webhook-id"];
  const stamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (typeof id !== "string" || typeof stamp !== "string" || typeof signatures !== "string") return false;
  if (id === "" || !/^[0-9]{1,12}$/.test(stamp)) return false;
  if (Math.abs(now - Number(stamp)) > TOLERANCE) return false;
  return secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    if (key.length === 0) return false; // anybody could sign with an empty one
    const digest = createHmac("sha256", key).update(`${id}.${stamp}.`).update(body).digest("base64");
    const expected = Buffer.from(`v1,${digest}`);
    return signatures.split(" ").some((one) => {
      const given = Buffer.from(one);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  });
}

// For trying it: each line of the input is a delivery, its parts with tabs between them.
import { readFileSync } from "node:fs";

if (process.argv[2] === "-") {
  for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {
    const [secrets = "", id, stamp, signature, now, body = ""] = line.split("\t");
    const sent = { "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature };
    console.log(verify(Buffer.from(body, "base64"), sent, secrets.split(","), Number(now)));
  }
}
