/** Which part of the past is to be sent again: as it is typed, and as the gateway takes it. */

export interface Range {
  readonly by: "time" | "seq";
  readonly since: string;
  readonly until: string;
  readonly fromSeq: string;
  readonly toSeq: string;
  /** One pattern per line. */
  readonly types: string;
  readonly channelIds: readonly string[];
  readonly missingOnly: boolean;
  readonly perSecond: string;
}

/** A moment as a field for local times takes it: to the minute. */
export function localTime(moment: number): string {
  const shifted = new Date(moment - new Date(moment).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** Local times as moments; an empty end is left open. */
export function rangeOf(since: string, until: string): Record<string, unknown> {
  const moment = (time: string) => new Date(time).toISOString();
  return { since: moment(since), ...(until === "" ? {} : { until: moment(until) }) };
}

export function replayOf(range: Range): Record<string, unknown> {
  const types = range.types.split(/\s+/u).filter((one) => one !== "");
  const place =
    range.by === "time"
      ? rangeOf(range.since, range.until)
      : {
          from_seq: Number(range.fromSeq),
          ...(range.toSeq.trim() === "" ? {} : { to_seq: Number(range.toSeq) }),
        };
  return {
    ...place,
    ...(types.length === 0 ? {} : { event_types: types }),
    ...(range.channelIds.length === 0 ? {} : { channel_ids: range.channelIds }),
    ...(range.missingOnly ? { missing_only: true } : {}),
    ...(range.perSecond.trim() === "" ? {} : { per_second: Number(range.perSecond.replace(",", ".")) }),
  };
}
