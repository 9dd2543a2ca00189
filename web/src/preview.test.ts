import { expect, test } from "vitest";
import { madeConversation } from "../tests/made";
import { discreet, subjectOf } from "./preview";

test.each([
  ["my card is 4111 1111 1111 1111, ok?", "my card is •••, ok?"],
  ["write to jo@example.org or call +1 (202) 555-0143", "write to ••• or call •••"],
  ["بطاقة ٤١١١ ١١١١ ١١١١ ١١١١", "بطاقة •••"],
  ["see you at 14:30 in room 305, 20 of us", "see you at 14:30 in room 305, 20 of us"],
])("a notification hides addresses and long numbers: %s", (text, shown) => {
  expect(discreet(text)).toBe(shown);
});

test("a list shows a subject without what is hidden in it", () => {
  const mail = { ...madeConversation("1"), subject: "Card 4111 1111 1111 1111" };
  expect(subjectOf(mail)).toBe(mail.subject);
  expect(subjectOf({ ...mail, subject_preview: "Card •••• •••• •••• 1111" })).toBe(
    "Card •••• •••• •••• 1111",
  );
});
