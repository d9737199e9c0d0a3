/** The rows of one table, as a query over `growth.placed` and its like. */
export interface RowsOf {
  readonly table: string;
  readonly columns: string;
  readonly query: string;
}

export const rowsOf = (table: string, columns: string, query: string): RowsOf => ({ table, columns, query });

/** What every customer has left after the past year, for the orders to come. */
export const BALANCE_LEFT = 100_000_000;
