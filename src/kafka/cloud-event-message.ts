/** An event as CloudEvents 1.0 describes it. */
export interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly dataschema: string;
  readonly data: unknown;
}

const CONTENT_TYPE = 'application/json';

/** CloudEvents' binary mode for Kafka: attributes as headers, the data as the value. Events of one subject have one key, and stay in order. */
export const cloudEventMessage = (topic: string, event: CloudEvent) => ({
  topic,
  key: event.subject,
  headers: {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_subject: event.subject,
    ce_time: event.time,
    ce_dataschema: event.dataschema,
    'content-type': CONTENT_TYPE,
  },
  value: JSON.stringify(event.data),
});
