/** A column of numbers that grows; appending costs the same however long it is. */

type Numbers = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

export class Growing<T extends Numbers> {
  length = 0;
  private buffer: T;
  private readonly fill: number;

  constructor(buffer: T, fill: number) {
    this.buffer = buffer;
    this.fill = fill;
  }

  /** The rows that are filled; it must be asked for again once the column grew. */
  get values(): T {
    return this.buffer.subarray(0, this.length) as T;
  }

  at(row: number): number {
    return this.buffer[row];
  }

  set(row: number, value: number): void {
    this.buffer[row] = value;
  }

  grow(length: number): void {
    if (length > this.buffer.length) {
      const kind = this.buffer.constructor as new (length: number) => T;
      const larger = new kind(Math.max(64, length, this.buffer.length * 2));
      larger.set(this.buffer.subarray(0, this.length) as never);
      this.buffer = larger;
    }
    this.buffer.fill(this.fill, this.length, length);
    this.length = length;
  }
}

export const floats = () => new Growing(new Float64Array(0), NaN);
export const integers = (fill = -1) => new Growing(new Int32Array(0), fill);
