/** Thrown by an outside effect that knows which events failed. The others of the batch have been taken. */
export class EventsFailed extends Error {
  override readonly name = 'EventsFailed';

  /** @param reasons why, by event id. */
  constructor(readonly reasons: ReadonlyMap<string, string>) {
    super([...reasons].map(([id, reason]) => `${id}: ${reason}`).join('; '));
  }
}

/** How a batch that failed is run again: those that are known to have failed each alone, else in halves. In the same order. */
export function partsOf<Item>(batch: readonly Item[], fault: unknown, idOf: (item: Item) => string): readonly (readonly Item[])[] {
  const isCulprit = (item: Item): boolean => fault instanceof EventsFailed && fault.reasons.has(idOf(item));
  if (!batch.some(isCulprit)) return [batch.slice(0, batch.length >> 1), batch.slice(batch.length >> 1)];
  const parts: Item[][] = [];
  let between: Item[] | undefined;
  for (const item of batch) {
    if (isCulprit(item)) {
      parts.push([item]);
      between = undefined;
    } else if (between) {
      between.push(item);
    } else {
      parts.push((between = [item]));
    }
  }
  return parts;
}
