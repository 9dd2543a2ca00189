/** A text made readable: JSON with its lines broken, anything else as it is. */

export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // it is something else, or its end is missing
  }
}
