/** The workspaces of somebody who belongs to several, and the way to the others. */

import { useState } from "preact/hooks";
import { go } from "../../route";
import { boot } from "../../shell/boot";
import { me } from "../../store";
import { words } from "../../words";
import { Badge } from "../badge";
import { refusedBecause } from "../loaded";
import { switchTenant } from "./calls";

export function Workspaces() {
  const [refusal, setRefusal] = useState<string | null>(null);
  const all = me.value?.tenants ?? [];
  if (all.length < 2) return null;
  const move = async (slug: string) => {
    setRefusal(null);
    try {
      await switchTenant(slug);
    } catch (error) {
      setRefusal(refusedBecause(error));
      return;
    }
    go({ page: "inbox", conversation: null, view: "open" });
    await boot();
  };
  return (
    <section class="section">
      <h2>{words.profile.workspaces}</h2>
      <p class="section-lead">{words.profile.workspacesWhy}</p>
      {refusal !== null && (
        <p class="form-refusal" role="alert">
          {refusal}
        </p>
      )}
      <ul class="logins">
        {all.map((one) => (
          <li key={one.id} class="login-row">
            <span>
              <strong>{one.name}</strong>
              <span class="soft">{words.people.roles[one.role] ?? one.role}</span>
            </span>
            {one.id === me.value?.tenant.id ? (
              <Badge kind="active">{words.profile.hereNow}</Badge>
            ) : (
              <button type="button" class="button" onClick={() => void move(one.slug)}>
                {words.profile.goTo(one.name)}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
