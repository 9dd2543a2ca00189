/** Settings → People: who works here, and who was invited. */

import { UserPlus } from "lucide";
import { useState } from "preact/hooks";
import { may } from "../../permissions";
import { Icon } from "../../ui/icon";
import { words } from "../../words";
import { members } from "../../workspace";
import { Screen } from "../screen";
import type { SentInvitation } from "./calls";
import { InvitationList } from "./invitations";
import { Invite } from "./invite";
import { LinkToPassOn } from "./link";
import { MemberRow } from "./member";
import "../dialogs.css";
import "./people.css";

export default function People() {
  const [inviting, setInviting] = useState(false);
  const [sent, setSent] = useState<SentInvitation | null>(null);
  const manage = may("members.write");
  const action = manage && (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        setInviting(true);
      }}
    >
      <Icon of={UserPlus} />
      {words.people.invite}
    </button>
  );
  return (
    <Screen title={words.people.title} lead={words.people.lead} action={action}>
      {!manage && <p class="settings-note">{words.people.readOnly}</p>}
      {sent?.link === null && (
        <p class="settings-note" role="status">
          {words.people.mailed(sent.email)}
        </p>
      )}
      <ul class="people">
        {members.value.map((one) => (
          <MemberRow key={one.id} of={one} />
        ))}
      </ul>
      {manage && <InvitationList newest={sent} onSent={setSent} />}
      {inviting && (
        <Invite
          onClose={() => {
            setInviting(false);
          }}
          onSent={(made) => {
            setInviting(false);
            setSent(made);
          }}
        />
      )}
      {sent !== null && sent.link !== null && (
        <LinkToPassOn
          email={sent.email}
          link={sent.link}
          onClose={() => {
            setSent(null);
          }}
        />
      )}
    </Screen>
  );
}
