/**
 * How many parts a text takes as SMS, counted as the gateway counts them.
 *
 * A text of GSM-7 characters alone has 160 of them, or 153 in each part of several; any other character makes it
 * UCS-2, with 70 or 67 UTF-16 code units.
 */

export interface Segments {
  readonly encoding: "GSM-7" | "UCS-2";
  /** Septets of GSM-7, or UTF-16 code units. */
  readonly units: number;
  readonly count: number;
  /** How many units the last part still holds. */
  readonly left: number;
}

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
/** Written as an escape and a second character, which are never parted. */
const EXTENDED = new Set("\f^{}\\[~]|€");

const GSM7 = { encoding: "GSM-7", alone: 160, part: 153 } as const;
const UCS2 = { encoding: "UCS-2", alone: 70, part: 67 } as const;

export function segments(text: string): Segments {
  const characters = Array.from(text);
  if (characters.every((one) => BASIC.has(one) || EXTENDED.has(one))) {
    return counted(
      GSM7,
      characters.map((one) => (EXTENDED.has(one) ? 2 : 1)),
    );
  }
  return counted(
    UCS2,
    characters.map((one) => one.length),
  );
}

function counted({ encoding, alone, part }: typeof GSM7 | typeof UCS2, widths: readonly number[]): Segments {
  const units = widths.reduce((sum, width) => sum + width, 0);
  if (units <= alone) return { encoding, units, count: units === 0 ? 0 : 1, left: alone - units };
  let count = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > part) {
      count += 1;
      used = 0;
    }
    used += width;
  }
  return { encoding, units, count, left: part - used };
}
