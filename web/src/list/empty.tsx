/** Why a view is empty, and the one next step. */

import { FlaskConical, Inbox, Layers } from "lucide";
import { go, query, type StandingView, type View } from "../route";
import { sendSamples, simulation } from "../shell/simulate";
import { Checklist } from "../shell/checklist";
import { hasFirstSteps } from "../shell/firststeps";
import { viewIcon } from "../shell/views";
import { inbox, me } from "../store";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { words } from "../words";

export function EmptyView({ of }: { readonly of: View }) {
  const nothingAtAll = inbox.value.conversations.length === 0;
  const narrowed = query.value.size > 0;
  const cause =
    nothingAtAll && of === "open" && !narrowed
      ? "all"
      : !narrowed && of in words.list.empty
        ? (of as StandingView)
        : "other";
  return (
    <Notice icon={cause === "all" ? Inbox : viewIcon(of)} title={words.list.empty[cause]}>
      <p>{words.list.emptyWhy[cause]}</p>
      {cause === "all" && me.value?.demo === true && <Samples />}
      {cause === "all" && hasFirstSteps.value && <Checklist />}
      {cause !== "all" && <ShowAll />}
    </Notice>
  );
}

function Samples() {
  const state = simulation.value;
  return (
    <>
      <button
        type="button"
        class="button primary"
        disabled={state === "busy"}
        onClick={() => void sendSamples()}
      >
        <Icon of={FlaskConical} />
        {state === "busy" ? words.simulate.busy : words.simulate.action}
      </button>
      {state === "failed" && (
        <p class="error-text" role="alert">
          {words.simulate.error}
        </p>
      )}
    </>
  );
}

function ShowAll() {
  return (
    <button
      type="button"
      class="button"
      onClick={() => {
        go({ view: "all" });
      }}
    >
      <Icon of={Layers} />
      {words.list.showAll}
    </button>
  );
}
