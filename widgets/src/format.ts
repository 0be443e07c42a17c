/** Numbers, durations and times as people read them. Exports have the exact values. */

const THIN = "\u202f";

/** Digits in groups of three: `10 000`. */
export function grouped(text: string): string {
  const [whole, fraction] = text.split(".");
  const groups = whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

export function integer(value: number): string {
  return Number.isNaN(value) ? "–" : grouped(String(Math.round(value)));
}

/** A number of about equal precision whatever its size; `log` ones with their power of ten. */
export function number(value: number, { digits = 3, log = false } = {}): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    log || size < 1e-3 || size >= 1e7
      ? exponent(value.toExponential(digits - 1))
      : grouped(value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size)))));
  return text.replace("-", value < 0 && text.startsWith("-") ? "−" : "-");
}

/** `1.33e-3` for `1.33e-3`, `2e+1` as `2e1`. */
function exponent(text: string): string {
  return text.replace("e+", "e");
}

/** A study's values: four decimals, more for small ones, fewer for large. */
export function value(value: number, decimals = decimalsFor(value, NaN)): string {
  if (!Number.isFinite(value)) return number(value);
  const size = Math.abs(value);
  if (size >= 1e7 || (size !== 0 && size < 10 ** -decimals)) return number(value, { digits: 4 });
  const text = grouped(size.toFixed(size >= 1e4 ? Math.min(2, decimals) : decimals));
  return value < 0 ? `−${text}` : text;
}

/** Decimals that show three digits of the best value and tell it from the second: four to nine. */
export function decimalsFor(best: number, second: number): number {
  const size = Math.abs(best);
  let decimals = size >= 1e-4 && size < 1 ? Math.max(4, 2 - Math.floor(Math.log10(size))) : 4;
  if (!Number.isFinite(best) || !Number.isFinite(second) || best === second) return decimals;
  while (decimals < 9 && best.toFixed(decimals) === second.toFixed(decimals)) decimals++;
  return decimals;
}

/** `40 ms`, `45 s`, `6 min 20 s`, `1 h 39 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const s = Math.max(0, seconds);
  if (s < 0.995) return `${Math.round(s * 1000)} ms`;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(s / 60);
  if (minutes < 24 * 60) return joined(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(s / 3600);
  return joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** A duration that is an estimate: `25 s`, `40 min`, `2 h 20 min`. */
export function roughly(seconds: number): string {
  const unit = seconds < 90 ? 5 : seconds < 5400 ? 60 : 600;
  return duration(Math.max(unit, Math.round(seconds / unit) * unit));
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}

/** A share, 0 to 1, in whole hundredths. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** How many trials end, and in which time: in an hour, of fast ones in a second. */
export function pace(perHour: number): [string, string] {
  if (perHour >= 36_000) return [integer(perHour / 3600), "trials per second"];
  return [perHour < 10 ? perHour.toFixed(1) : integer(perHour), "trials per hour"];
}

/** `6:19`, `1:02:03`, as a table has it; `40 ms` below a second. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds > 0 && seconds < 0.995) return duration(seconds);
  const s = Math.round(Math.max(0, seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60);
  return minutes < 60
    ? `${minutes}:${two(s % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`;
}

/** `4 s ago` up to a day, then `yesterday 18:02`, then the date. Times are seconds since 1970. */
export function age(time: number, now: number): string {
  if (!Number.isFinite(time)) return "–";
  const seconds = Math.max(0, now - time);
  if (seconds < 1.5) return "1 s ago";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return moment(new Date(time * 1000), new Date(now * 1000));
}

/** `15:42` of the same day, `yesterday 18:02`, `10 Mar 09:41`, `10 Mar 2024`. */
export function moment(date: Date, now: Date): string {
  const time = timeOfDay(date);
  if (date.toDateString() === now.toDateString()) return time;
  const yesterday = new Date(now.getTime() - 86_400_000);
  if (date.toDateString() === yesterday.toDateString()) return `yesterday ${time}`;
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return date.getFullYear() === now.getFullYear()
    ? `${day} ${time}`
    : `${day} ${date.getFullYear()}`;
}

/** The time of day: `16:08`, with seconds where asked. */
export function timeOfDay(date: Date, { seconds = false } = {}): string {
  return date.toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
  });
}

/** `512 MiB`, `2.1 GiB`. */
export function bytes(n: number): string {
  if (!Number.isFinite(n)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = n;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${unit < 2 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${integer(n)} ${n === 1 ? one : many}`;
}
