import { ProblemError } from '../../http/problem.js';

const ANSWER_MS_MAX = 5_000;

interface Document {
  readonly paths: object;
  readonly components?: { readonly schemas?: object };
}

/** The OpenAPI document of the whole shop: every service describes its own routes, and the parts are laid together. */
export async function documentOfAll(services: ReadonlyMap<string, readonly string[]>): Promise<Document> {
  const parts = await Promise.all([...services.values()].map(documentOf));
  const schemas = Object.assign({}, ...parts.map(({ components }) => components?.schemas)) as object;
  const paths = Object.assign({}, ...parts.map((part) => part.paths)) as object;
  return { ...parts[0], paths, components: { ...parts[0]?.components, schemas } };
}

async function documentOf(addresses: readonly string[]): Promise<Document> {
  const asked = addresses.map(async (address) => {
    const response = await fetch(`${address}/docs/openapi.json`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    if (!response.ok) throw new Error(`${address} answers ${response.status}`);
    return (await response.json()) as Document;
  });
  return Promise.any(asked).catch((cause: unknown) => {
    const missing = { code: 'UNAVAILABLE', message: 'a service is missing, and with it its part of the documentation: see /health/ready' };
    throw Object.assign(new ProblemError(missing, { headers: { 'retry-after': '1' } }), { cause });
  });
}
