/** One line below the messages: who is writing, and who else is here. */

import { words } from "../words";
import { memberName } from "../workspace";
import { alsoHere, writing } from "./presence";
import "./activity.css";

export function Present() {
  const { desk } = words;
  const busy = writing.value;
  const others = alsoHere.value.filter((user) => !busy.includes(user));
  const names = (users: readonly string[]) => users.map(memberName).join(", ");
  if (busy.length === 0 && others.length === 0) return null;
  return (
    <p class="present" role="status">
      {busy.length > 0 && (
        <span>{busy.length === 1 ? desk.typing(names(busy)) : desk.typingMany(names(busy))}</span>
      )}
      {others.length > 0 && <span>{desk.viewing(names(others))}</span>}
    </p>
  );
}
