import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type Kafka, startKafka } from '../../infra/kafka.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whoever asks there first has the run's own Kafka started: it takes seconds, and most runs need none. */
    kafkaStarter: string;
  }
}

/** What the starter answers. */
export interface SharedKafka {
  readonly brokers: string;
  /** Why there is none, or empty. */
  readonly problem: string;
}

/** One Kafka for the whole run, started when the first test asks for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Kafka> | null = null;
  const answer = (): Promise<SharedKafka> => {
    starting ??= startKafka();
    return starting.then(
      ({ brokers }) => ({ brokers, problem: '' }),
      (error: Error) => ({ brokers: '', problem: error.message }),
    );
  };
  const starter = createServer((_, response) => void answer().then((shared) => response.end(JSON.stringify(shared))));
  starter.listen(0, '127.0.0.1');
  await once(starter, 'listening');
  project.provide('kafkaStarter', `http://127.0.0.1:${(starter.address() as AddressInfo).port}`);
  return async () => {
    starter.close();
    await starting?.then((kafka) => kafka.stop()).catch(() => {});
  };
}
