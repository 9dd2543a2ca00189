/** Settings → Profile: name, password, second factor, logins. */

import { me } from "../../store";
import { words } from "../../words";
import { Screen } from "../screen";
import { Factor } from "./factor";
import { Name } from "./name";
import { Password } from "./password";
import { Sessions } from "./sessions";
import { Workspaces } from "./workspaces";
import "../dialogs.css";
import "./profile.css";

export default function Profile() {
  const user = me.value?.user ?? null;
  if (user === null) return null;
  return (
    <Screen title={words.profile.title} lead={words.profile.lead(user.email)}>
      <Name />
      <Workspaces />
      <Password email={user.email} />
      <Factor />
      <Sessions />
    </Screen>
  );
}
