import type { PaidOrderEvent } from '../application/data-platform.port.js';

/** The JSON format of CloudEvents 1.0. Where the event stands in our log is nobody else's business. */
export const cloudEvent = ({ id, type, source, subject, time, dataschema, data }: PaidOrderEvent) => ({
  specversion: '1.0',
  id,
  type,
  source,
  subject,
  time,
  dataschema,
  data,
});
