/** Invitations that wait: sent again, or taken back. */

import { useEffect, useState } from "preact/hooks";
import { dayLabel, now } from "../../ui/time";
import { words } from "../../words";
import { members } from "../../workspace";
import { Badge } from "../badge";
import { refusedBecause, useLoaded } from "../loaded";
import { listInvitations, resend, revoke, type Invitation, type SentInvitation } from "./calls";

interface InvitationListProps {
  readonly newest: SentInvitation | null;
  readonly onSent: (made: SentInvitation) => void;
}

export function InvitationList({ newest, onSent }: InvitationListProps) {
  const loaded = useLoaded(listInvitations);
  const [refusal, setRefusal] = useState<string | null>(null);
  const { again } = loaded;
  const joined = members.value.length;
  // Somebody was invited, or came: the list is another one.
  useEffect(() => {
    again();
  }, [again, newest, joined]);
  const act = async (step: () => Promise<void>) => {
    setRefusal(null);
    try {
      await step();
      again();
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  if (loaded.value === null || loaded.value.length === 0) return null;
  return (
    <section class="section">
      <h2>{words.people.waiting}</h2>
      {refusal !== null && (
        <p class="form-refusal" role="alert">
          {refusal}
        </p>
      )}
      <ul class="people">
        {loaded.value.map((one) => (
          <Row
            key={one.id}
            of={one}
            onResend={() =>
              void act(async () => {
                onSent(await resend(one.id));
              })
            }
            onRevoke={() => void act(() => revoke(one.id))}
          />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly of: Invitation;
  readonly onResend: () => void;
  readonly onRevoke: () => void;
}

function Row({ of, onResend, onRevoke }: RowProps) {
  return (
    <li class="person">
      <span class="person-name">
        <strong>{of.email}</strong>
        <span class="soft person-email">
          {words.people.roles[of.role] ?? of.role}
          {!of.expired && ` · ${words.people.expires(dayLabel(of.expires_at, now.value))}`}
        </span>
      </span>
      <span class="person-marks">
        {of.expired && <Badge kind="waiting">{words.people.expired}</Badge>}
        <button type="button" class="button" onClick={onResend}>
          {words.people.resend}
        </button>
        <button type="button" class="button" onClick={onRevoke}>
          {words.people.revoke}
        </button>
      </span>
    </li>
  );
}
