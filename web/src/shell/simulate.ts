/** Sample messages from the simulator of a demo workspace. */

import { signal } from "@preact/signals";
import { ApiError, startSimulation } from "../api";

export const simulation = signal<"idle" | "busy" | "failed">("idle");

// Few enough to read and slow enough to watch; every provider that is connected takes part.
const SAMPLE = { count: 12, rate: 3, provider: null, duplicates: 0, shuffle: false } as const;

export async function sendSamples(): Promise<void> {
  simulation.value = "busy";
  try {
    await startSimulation(SAMPLE);
    simulation.value = "idle";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    simulation.value = "failed";
  }
}
