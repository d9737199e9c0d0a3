/** A row of the shop's ranking beside the file's own count. */
export interface TopSeller {
  readonly rank: number;
  readonly productId: number;
  readonly name: string;
  readonly salesCount: number;
  /** Null: no product of this run. */
  readonly unitsInFile: number | null;
}

export interface RankedProduct {
  readonly rank: number;
  readonly productId: number;
  readonly name: string;
  readonly salesCount: number;
}

export interface TopComparison {
  readonly items: readonly TopSeller[];
  /** Products of this run that sold more than the last row of a full list, or anything at all beside a list with room, and are not in it. */
  readonly missing: number;
}

export function compareTop(ranked: readonly RankedProduct[], unitsInFile: ReadonlyMap<number, number>, rowsMax: number): TopComparison {
  const listed = new Set(ranked.map(({ productId }) => productId));
  const soldByLast = ranked.length < rowsMax ? 0 : Math.min(...ranked.map(({ salesCount }) => salesCount));
  return {
    items: ranked.map((row) => ({ ...row, unitsInFile: unitsInFile.get(row.productId) ?? null })),
    missing: [...unitsInFile].filter(([productId, units]) => units > soldByLast && !listed.has(productId)).length,
  };
}

/** Whether the shop's ranking says what the file says. */
export const topAgrees = ({ items, missing }: TopComparison): boolean =>
  missing === 0 && items.every(({ salesCount, unitsInFile }) => unitsInFile === null || salesCount === unitsInFile);
