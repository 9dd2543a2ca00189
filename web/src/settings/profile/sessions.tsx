/** Where this person is logged in, and ending what is not wanted. */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ago, now } from "../../ui/time";
import { words } from "../../words";
import { Badge } from "../badge";
import { refusedBecause, useLoaded, Waiting } from "../loaded";
import { endOtherSessions, endSession, listSessions, type LoginSession } from "./calls";

const changes = signal(0);

/** Say that other logins have ended. */
export function sessionsChanged(): void {
  changes.value += 1;
}

export function Sessions() {
  const loaded = useLoaded(listSessions);
  const [refusal, setRefusal] = useState<string | null>(null);
  const { again } = loaded;
  const change = changes.value;
  useEffect(() => {
    if (change > 0) again();
  }, [again, change]);
  const end = async (step: () => Promise<void>) => {
    setRefusal(null);
    try {
      await step();
      again();
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  const others = (loaded.value ?? []).some((one) => !one.current);
  return (
    <section class="section">
      <h2>{words.profile.sessions}</h2>
      <p class="section-lead">{words.profile.sessionsWhy}</p>
      {refusal !== null && (
        <p class="form-refusal" role="alert">
          {refusal}
        </p>
      )}
      {loaded.value === null ? (
        <Waiting of={loaded} loading={words.profile.loading} error={words.profile.error} />
      ) : (
        <ul class="logins">
          {loaded.value.map((one) => (
            <Row key={one.id} of={one} onEnd={() => void end(() => endSession(one.id))} />
          ))}
        </ul>
      )}
      {others && (
        <button type="button" class="button danger" onClick={() => void end(endOtherSessions)}>
          {words.profile.endOthers}
        </button>
      )}
    </section>
  );
}

function Row({ of, onEnd }: { readonly of: LoginSession; readonly onEnd: () => void }) {
  const device = deviceName(of.device);
  const used = words.profile.lastUsed(ago(of.last_seen_at, now.value));
  return (
    <li class="login-row">
      <span>
        <strong title={of.user_agent}>{device}</strong>
        <span class="soft">
          {`${of.tenant} · ${used}, ${words.profile.since(ago(of.created_at, now.value))}`}
        </span>
      </span>
      {of.current ? (
        <Badge kind="active">{words.profile.here}</Badge>
      ) : (
        <button type="button" class="button" aria-label={words.profile.endOf(device)} onClick={onEnd}>
          {words.profile.end}
        </button>
      )}
    </li>
  );
}

/** "Firefox on Windows", which the gateway says in English; either of them may be all that is known. */
function deviceName(device: string | null): string {
  const [browser, system] = (device ?? words.profile.unknownDevice).split(" on ");
  return system === undefined ? (browser ?? "") : words.profile.device(browser ?? "", system);
}
