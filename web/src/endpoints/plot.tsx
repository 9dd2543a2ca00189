/** Small plots of our own. What they show stands beside them in words, too. */

import type { Bucket } from "./calls";
import { heights, path, slowest, type Places } from "./shape";

const WIDTH = 600;
const HEIGHT = 96;

interface PlotProps {
  readonly of: Places;
  readonly label: string;
}

/** Attempts by time: what succeeded, and on top of it what failed. */
export function Bars({ of, label }: PlotProps) {
  const bars = heights(of, HEIGHT);
  const step = WIDTH / bars.length;
  const width = Math.max(1, step - Math.min(2, step / 4));
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {bars.map(({ good, bad }, index) => (
        <g key={index}>
          {good > 0 && <rect class="good" x={index * step} y={HEIGHT - good} width={width} height={good} />}
          {bad > 0 && (
            <rect class="bad" x={index * step} y={HEIGHT - good - bad} width={width} height={bad} />
          )}
        </g>
      ))}
    </svg>
  );
}

/** How long answers took, by time: the middle one, and the one that 95 of 100 were faster than. */
export function Lines({ of, label }: PlotProps) {
  const most = slowest(of);
  const line = (pick: (one: Bucket) => number | null) =>
    path(
      of.map((one) => (one === null ? null : pick(one))),
      most,
      WIDTH,
      HEIGHT,
    );
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class="most" d={line((one) => one.p95_ms)} />
      <path class="half" d={line((one) => one.p50_ms)} />
    </svg>
  );
}
