/** Times in the page's zone, as ISO 8601 has them. It knows nothing of fields and elements. */

/** Returns a time in the page's zone, to the millisecond and without the zone. */
export function localTime(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().replace("Z", "");
}

/** Returns the page's zone as it is at a time, such as "+02:00". */
export function zoneAt(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const digits = [hours, rest].map((part) => `${part}`.padStart(2, "0")).join(":");
  return `${minutes < 0 ? "-" : "+"}${digits}`;
}
