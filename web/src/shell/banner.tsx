/** Says so whenever the page may be out of date, and nothing while all is well. */

import { WifiOff } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { connection } from "../store";
import { reconnectNow } from "../sync";
import { Icon } from "../ui/icon";
import { number } from "../ui/number";
import { duration } from "../ui/time";
import { words } from "../words";
import "./banner.css";

export function Banner() {
  const state = connection.value;
  return state.state === "waiting" ? <Waiting since={state.since} /> : null;
}

function Waiting({ since }: { readonly since: number }) {
  const age = useAge(since);
  return (
    <div class="banner" role="status">
      <Icon of={WifiOff} />
      {/* Read out once, not every second. */}
      <span class="unseen">{words.connection.waiting(duration(0))}</span>
      <span class="numbers" aria-hidden>
        {words.connection.waiting(wholeSeconds(age))}
      </span>
      <button type="button" class="link" onClick={reconnectNow}>
        {words.connection.retry}
      </button>
    </div>
  );
}

// A clock that ticks each second has no tenths.
function wholeSeconds(age: number): string {
  const seconds = Math.max(1, Math.floor(age / 1000));
  return seconds < 60 ? words.time.seconds(number(seconds)) : duration(age);
}

function useAge(since: number): number {
  const [age, setAge] = useState(Date.now() - since);
  useEffect(() => {
    const timer = setInterval(() => {
      setAge(Date.now() - since);
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [since]);
  return age;
}
