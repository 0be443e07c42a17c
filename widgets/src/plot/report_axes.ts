/** Where reports stand on other axes than the step: series of that name, asked of the kernel. */
import type { Source } from "../source.ts";
import { CODE } from "../study.ts";

export type AxisName = "epoch" | "tokens" | "seconds";
/** A place on an axis by step. */
export type Places = ReadonlyMap<number, number>;

type Series = { steps: number[]; values: (number | null)[] };
type Answer = Record<string, Partial<Record<AxisName, Series>>>;

interface Known {
  reports: number;
  running: boolean;
  axes: Partial<Record<AxisName, Places>>;
}

/** Trials that run are asked about again after this long. */
const AGAIN_MS = 2000;

export class ReportAxes {
  private readonly source: Source;
  private readonly arrived: () => void;
  private readonly known = new Map<number, Known>();
  private asking = false;
  private asked = -Infinity;

  /** `arrived` is called when more is known. */
  constructor(source: Source, arrived: () => void) {
    this.source = source;
    this.arrived = arrived;
  }

  /** The places of a trial's reports; undefined where it has none on that axis, or none is known. */
  places(number: number, axis: AxisName): Places | undefined {
    return this.known.get(number)?.axes[axis];
  }

  /** Axes that a trial has. */
  get offered(): Set<AxisName> {
    return new Set([...this.known.values()].flatMap(({ axes }) => Object.keys(axes) as AxisName[]));
  }

  /** Ask for the places of some trials' reports as far as they are not known. */
  async want(numbers: Iterable<number>): Promise<void> {
    const late = performance.now() - this.asked > AGAIN_MS;
    const missing = [...numbers].filter((number) => {
      const known = this.known.get(number);
      return !known || (late && this.isOld(number, known));
    });
    if (this.asking || !missing.length) return;
    this.asking = true;
    this.asked = performance.now();
    const reached = missing.map((number) => [number, this.reached(number)] as const);
    try {
      const answer = await this.source.call<Answer>("report_axes", { numbers: missing });
      for (const [number, state] of reached)
        this.known.set(number, { ...state, axes: placesOf(answer[number] ?? {}) });
    } catch {
      return; // the curves stay as they are; the next drawing asks again
    } finally {
      this.asking = false;
    }
    this.arrived();
  }

  private reached(number: number): Omit<Known, "axes"> {
    const { study } = this.source;
    const running = study.status.at(study.row(number)!) === CODE.running;
    return { reports: study.curve(number).length, running };
  }

  private isOld(number: number, known: Known): boolean {
    const { reports, running } = this.reached(number);
    return reports !== known.reports || running !== known.running;
  }
}

function placesOf(series: Answer[string]): Known["axes"] {
  return Object.fromEntries(
    Object.entries(series).map(([name, { steps, values }]) => [
      name,
      new Map(steps.flatMap((step, i) => (values[i] === null ? [] : [[step, values[i]]]))),
    ]),
  );
}
