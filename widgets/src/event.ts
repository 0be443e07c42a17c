/** Something that others listen to. */
export class Event<T> {
  private readonly listeners = new Set<(event: T) => void>();

  /** Listen, until the function that is returned is called. */
  on(listener: (event: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: T): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}
