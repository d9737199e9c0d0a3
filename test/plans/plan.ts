import { z } from 'zod';

/** What we read of a plan in the JSON that PostgreSQL explains it in. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Plan Rows': number;
  readonly 'Total Cost': number;
  readonly Schema?: string | undefined;
  readonly 'Relation Name'?: string | undefined;
  readonly 'Index Cond'?: string | undefined;
  readonly Filter?: string | undefined;
  readonly Plans?: readonly PlanNode[] | undefined;
}

const Node: z.ZodType<PlanNode> = z.lazy(() =>
  z.object({
    'Node Type': z.string(),
    'Plan Rows': z.number(),
    'Total Cost': z.number(),
    Schema: z.string().optional(),
    'Relation Name': z.string().optional(),
    'Index Cond': z.string().optional(),
    Filter: z.string().optional(),
    Plans: z.array(Node).optional(),
  }),
);
const Explained = z.tuple([z.object({ Plan: Node })]);

export const planOf = (explained: unknown): PlanNode => Explained.parse(explained)[0].Plan;

/** More than a page of a list, or a batch with all that belongs to it: then a statement's cost grows with its table. */
const ROWS_AT_ONCE_MAX = 1_000;
/** Of finding a few rows by an index, as the planner counts. */
const COST_OF_LOOKUP_MAX = 30;
/** They need all their input before they give a row, so a LIMIT above them spares nothing below. */
const WAITS_FOR_ALL = new Set(['Sort', 'Aggregate', 'Hash', 'SetOp', 'WindowAgg', 'ModifyTable']);

/**
 * Why a statement becomes slower as the shop grows, or nothing.
 *
 * - it reads a growing table from one end to the other;
 * - it expects more rows of one than a page or a batch, and no LIMIT stops it;
 * - a LIMIT stops it, but the filter decides when: it may walk the whole table for a page that never fills;
 * - it sorts more rows than that.
 *
 * @param grows whether `shop_order.orders` has more rows the longer the shop is open.
 */
export function complaintsAbout(plan: PlanNode, grows: (table: string) => boolean): string[] {
  const complaints: string[] = [];
  const visit = (node: PlanNode, stopped: boolean): void => {
    const type = node['Node Type'];
    complaints.push(...complaintsAboutNode(node, stopped, grows));
    for (const child of node.Plans ?? []) visit(child, type === 'Limit' || (stopped && !WAITS_FOR_ALL.has(type)));
  };
  visit(plan, false);
  return [...new Set(complaints)];
}

/** @param stopped whether a LIMIT above ends it as soon as there is enough. */
function complaintsAboutNode(node: PlanNode, stopped: boolean, grows: (table: string) => boolean): string[] {
  const { 'Node Type': type, 'Plan Rows': rows, 'Index Cond': condition, Filter: filter } = node;
  if (type === 'Sort') return rows > ROWS_AT_ONCE_MAX ? [`sorts ${rows} rows`] : [];
  const table = `${node.Schema}.${node['Relation Name']}`;
  if (!type.endsWith('Scan') || !grows(table)) return [];
  const tooMany = rows > ROWS_AT_ONCE_MAX ? [`reads ${rows} rows of ${table}`] : [];
  // Its condition stands with the scan of the index below it.
  if (type === 'Bitmap Heap Scan') return tooMany;
  const passesOver = stopped && filter !== undefined;
  if (condition === undefined && (passesOver || !stopped)) return [`reads all of ${table} (${type})`];
  if (passesOver && node['Total Cost'] > COST_OF_LOOKUP_MAX) return [`walks ${table} until its filter has found enough: ${filter}`];
  return stopped ? [] : tooMany;
}
