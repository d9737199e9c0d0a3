/**
 * A condition for `unnest(…) WITH ORDINALITY AS … (…, nth)` that is always true. It makes the planner expect one row of the batch
 * instead of ten, so that each is looked up by an index even where the table is small. A connection keeps such a plan while the
 * table grows, until the next ANALYZE; and with a plan that reads the whole table each batch would take longer than the one before.
 */
export const BY_INDEX = 'nth BETWEEN 1 AND 1000000';
