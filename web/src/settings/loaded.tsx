/** What a page of the settings reads when it opens: it waits, says when that failed, and offers to try again. */

import { RefreshCw, WifiOff } from "lucide";
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError } from "../api";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { words } from "../words";

export interface Loaded<Value> {
  readonly value: Value | null;
  readonly failed: boolean;
  readonly again: () => void;
}

/** `load` is to be the same function each time; `again` is. */
export function useLoaded<Value>(load: () => Promise<Value>): Loaded<Value> {
  const [value, setValue] = useState<Value | null>(null);
  const [failed, setFailed] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let wanted = true;
    load().then(
      (found) => {
        if (wanted) setValue(found);
      },
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        if (wanted) setFailed(true);
      },
    );
    return () => {
      wanted = false;
    };
  }, [load, attempt]);
  const again = useCallback(() => {
    setFailed(false);
    setAttempt((before) => before + 1);
  }, []);
  return { value, failed, again };
}

interface WaitingProps {
  readonly of: Loaded<unknown>;
  readonly loading: string;
  readonly error: string;
}

/** What is shown until there is something to show. */
export function Waiting({ of, loading, error }: WaitingProps) {
  if (!of.failed) {
    return (
      <Delayed>
        <Notice icon={RefreshCw} title={loading} />
      </Delayed>
    );
  }
  return (
    <Notice icon={WifiOff} title={error} alert>
      <button type="button" class="button" onClick={of.again}>
        <Icon of={RefreshCw} />
        {words.error.retry}
      </button>
    </Notice>
  );
}

/** Why something was refused, in words. Whatever is no answer of the gateway is a bug of ours. */
export function refusedBecause(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 0) return words.error.unreachable;
  if (error.status === 429) return words.login.tooMany(error.retryAfter);
  return error.faults.map((fault) => fault.detail).join(". ") || error.message;
}
