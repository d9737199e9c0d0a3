/**
 * Runs `work` on every item, at most `workersMax` at a time, begun in order. The first failure stops the others at
 * their next item, and is thrown once all have come to rest.
 */
export async function concurrently<Item>(
  items: Iterable<Item>,
  workersMax: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  // One iterator shared by all workers hands each item out once.
  const queue = [...items].entries();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      await work(item, index).catch((failure: unknown) => failures.push(failure));
    }
  };
  await Promise.all(Array.from({ length: workersMax }, worker));
  if (failures.length > 0) throw failures[0];
}
