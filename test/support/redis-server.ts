import type { TestProject } from 'vitest/node';
import { startRedis } from '../../infra/redis.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the run's own Redis; empty when there is none. */
    redisUrl: string;
    /** Why there is none, or empty. */
    redisProblem: string;
  }
}

/** One Redis for the whole run, brought if it can be. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis().catch((error: Error) => error);
  const problem = redis instanceof Error ? redis.message : '';
  project.provide('redisUrl', redis instanceof Error ? '' : redis.url);
  project.provide('redisProblem', problem);
  return async () => {
    if (!(redis instanceof Error)) await redis.stop();
  };
}
