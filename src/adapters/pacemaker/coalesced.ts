/** One look at a time for all callers; who comes while one runs gets the next, never an older one. */
export function coalesced<T>(look: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | null = null;
  return () => {
    next ??= running.then(() => {
      const started = look();
      running = started.catch(() => undefined);
      next = null;
      return started;
    });
    return next;
  };
}
