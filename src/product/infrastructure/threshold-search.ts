/** A page of what sold best, found among some products. */
export interface Found<Row> {
  readonly rows: readonly Row[];
  /** What a product that was left out may have sold at most; 0 where none was. */
  readonly bound: number;
}

export interface Search<Row, Page extends Found<Row>> {
  readonly rowsMax: number;
  /** What sold at the place where the page begins. */
  readonly unitsBefore: number;
  readonly unitsOf: (row: Row) => number;
  /** The page as it is among the `width` best sellers of each day. */
  readonly amongBest: (width: number) => Promise<Page>;
  readonly amongAll: () => Promise<Page>;
}

/** Few products sell well, so with three times the page a day's list ends below what the page's last product sold on average. */
const WIDTH_PER_ROW = 3;
const WIDER = 4;
/** With more than that of each day, adding up everything costs about as much. */
const WIDTH_MAX = 1_500;
/** Lists that are so much wider halve the bound, about. Where that would not do, all days sell alike and no width will. */
const BOUND_MAX = 2;

/**
 * The threshold algorithm (Fagin, Lotem, Naor 2001) over the days as lists: exactly the page that all sums would give, and in a shop
 * where few products sell well, at a cost that depends on the page and the days alone.
 *
 * Q2: an answer is taken only if every row of it has sold more than any product that was left out. Equals are decided by more than
 *     units, so with as much it is not enough.
 */
export async function thresholdSearch<Row, Page extends Found<Row>>(search: Search<Row, Page>): Promise<Page> {
  const { rowsMax, unitsBefore, unitsOf, amongBest, amongAll } = search;
  for (let width = WIDTH_PER_ROW * rowsMax; width <= WIDTH_MAX; width *= WIDER) {
    // oxlint-disable-next-line no-await-in-loop -- each is asked for only if the one before did not decide it
    const found = await amongBest(width);
    const { rows, bound } = found;
    const last = rows.length < rowsMax ? undefined : rows.at(-1);
    if (bound === 0 || (last !== undefined && unitsOf(last) > bound)) return found;
    if (bound > BOUND_MAX * (last === undefined ? unitsBefore : unitsOf(last))) break;
  }
  return amongAll();
}
