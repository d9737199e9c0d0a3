const ANSWER_MS_MAX = 3_000;

interface InstanceReadiness {
  readonly address: string;
  readonly status: 'up' | 'down';
  /** What the instance itself says is missing, or why nothing could be learnt. */
  readonly missing?: string;
}

export interface Readiness {
  readonly status: 'ok' | 'error';
  readonly details: Readonly<Record<string, { readonly status: 'up' | 'down'; readonly instances: readonly InstanceReadiness[] }>>;
}

/** Asks every instance of every service. The whole is ready when each service has an instance that is. */
export async function readinessOfAll(services: ReadonlyMap<string, readonly string[]>): Promise<Readiness> {
  const asked = [...services].map(async ([part, addresses]) => {
    const instances = await Promise.all(addresses.map(readinessOf));
    const status: 'up' | 'down' = instances.some((instance) => instance.status === 'up') ? 'up' : 'down';
    return [part, { status, instances }] as const;
  });
  const details = Object.fromEntries(await Promise.all(asked));
  return { status: Object.values(details).every(({ status }) => status === 'up') ? 'ok' : 'error', details };
}

async function readinessOf(address: string): Promise<InstanceReadiness> {
  try {
    const response = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    if (response.ok) return { address, status: 'up' };
    const { status, details = {} } = (await response.json()) as {
      status: string;
      details?: Record<string, { status: string; message?: string }>;
    };
    const missing = Object.entries(details).flatMap(([name, part]) =>
      part.status === 'up' ? [] : [`${name}: ${part.message ?? part.status}`],
    );
    return { address, status: 'down', missing: missing.join('; ') || status };
  } catch {
    return { address, status: 'down', missing: 'does not answer' };
  }
}
