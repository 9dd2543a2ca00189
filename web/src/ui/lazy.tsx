/** A component whose file is fetched when it is first shown. */

import { RefreshCw, WifiOff } from "lucide";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { words } from "../words";
import { Delayed } from "./delayed";
import { Icon } from "./icon";
import { Notice } from "./notice";

interface LazyProps<Props> {
  readonly load: () => Promise<{ readonly default: ComponentType<Props> }>;
  readonly of: Props;
}

/** Give it a `key` where `load` can change. */
export function Lazy<Props extends object>({ load, of }: LazyProps<Props>) {
  const [Part, setPart] = useState<ComponentType<Props> | null>(null);
  const [failed, setFailed] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    load().then(
      (file) => {
        setPart(() => file.default);
      },
      () => {
        setFailed(true); // said below, with what to do
      },
    );
  }, [load, attempt]);
  if (Part !== null) return <Part {...of} />;
  if (!failed) return <Loading />;
  const again = () => {
    setFailed(false);
    setAttempt(attempt + 1);
  };
  return (
    <Notice icon={WifiOff} title={words.error.part} alert>
      <button type="button" class="button" onClick={again}>
        <Icon of={RefreshCw} />
        {words.error.retry}
      </button>
    </Notice>
  );
}

function Loading() {
  return (
    <Delayed>
      <Notice icon={RefreshCw} title={words.error.partLoading} />
    </Delayed>
  );
}
