import { type INestApplication } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { ACCESS, type Access } from './auth/caller.js';
import { IDEMPOTENT } from './idempotency/idempotent.js';
import { Problem } from './problem.js';
import { isDeclaredProblem, statusOfCode } from './problem-codes.js';
import { ROUTE, type RouteDescription } from './route.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

interface Described extends RouteDescription {
  readonly access: Access;
  readonly idempotent: boolean;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const PROBLEM_REF = '#/components/schemas/Problem';

/** Serves the documentation at `/docs`, its files from this machine, and the document at `/docs/openapi.json`. */
export function serveApiDocs(app: INestApplication, version: string): void {
  let document: OpenAPIObject | undefined;
  // Made at the first visit: a start in a hurry has no reader yet.
  SwaggerModule.setup('docs', app, () => (document ??= describeApi(app, version)), {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
    customSiteTitle: 'Ordersaga API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
  });
}

/**
 * The OpenAPI 3.1 document of all routes, from the same zod schemas that check the requests. Every operation lists every
 * problem it can answer with. @throws Error when a route names a problem code that nobody declared.
 */
export function describeApi(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Ordersaga')
    .setDescription(
      'Takes orders, holds stock, spends coupons, charges balances. Errors are RFC 9457 problem details with a stable `code`.',
    )
    .setVersion(version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addBearerAuth({ type: 'http', description: 'The access token of a login' })
    .addSecurityRequirements('bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: operationIdOf,
    standardSchemaConverter: (schema, { schemaType }) => (schema instanceof z.ZodType ? convert(schema, schemaType) : undefined),
  });
  const { Problem: problemSchema } = convert(Problem, 'output').components;
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: problemSchema as never } };

  const described = describedRoutes(app);
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      const route = operation && described.get(operation.operationId ?? '');
      if (operation && route) complete(operation, path, route, document);
    }
  }
  return document;
}

function complete(operation: Operation, path: string, route: Described, document: OpenAPIObject): void {
  if (route.access === 'public') operation.security = [];
  const codes = new Set(route.problems);
  for (const code of codes) {
    if (!isDeclaredProblem(code)) throw new Error(`${operation.operationId}: nobody declared the problem code ${code} (declareProblems)`);
  }
  operation.parameters ??= [];
  for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g)) {
    if (operation.parameters.some((parameter) => 'name' in parameter && parameter.name === name)) continue;
    // Only @UserParam reads a parameter without a schema.
    operation.parameters.push({
      name,
      in: 'path',
      required: true,
      description: "`me`, or the user's id",
      schema: { type: 'string', pattern: '^(me|[1-9][0-9]*)$' },
    });
    codes.add('USER_NOT_FOUND');
  }
  if (route.idempotent) {
    const schema = { type: 'string', minLength: 1, maxLength: 255 } as const;
    operation.parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'Makes a repeat of this request safe: it gets the stored answer',
      schema,
    });
    for (const code of ['VALIDATION_FAILED', 'IDEMPOTENCY_IN_FLIGHT', 'IDEMPOTENCY_KEY_REUSED']) codes.add(code);
  }
  if (operation.requestBody && 'content' in operation.requestBody) {
    const schema = operation.requestBody.content['application/json']?.schema;
    operation.requestBody.required = requiresFields(schema, document);
    for (const code of ['VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']) codes.add(code);
  }
  if (operation.parameters.length > 0) codes.add('VALIDATION_FAILED');
  if (route.access !== 'public') codes.add('UNAUTHENTICATED');
  if (route.access === 'operator') codes.add('FORBIDDEN');
  if (path.startsWith('/api/')) for (const code of ['RATE_LIMITED', 'INTERNAL', 'OVERLOADED', 'UNAVAILABLE']) codes.add(code);
  for (const [status, ofStatus] of Map.groupBy(codes, statusOfCode)) operation.responses[status] ??= problemResponse(status, ofStatus);
}

const problemResponse = (status: number, codes: readonly string[]) => ({
  description: codes.map((code) => `\`${code}\``).join(', '),
  ...(status === 429 || status === 503
    ? { headers: { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' as const } } } }
    : {}),
  content: {
    'application/problem+json': {
      schema: {
        allOf: [{ $ref: PROBLEM_REF }, { type: 'object' as const, properties: { code: { type: 'string' as const, enum: [...codes] } } }],
      },
    },
  },
});

function requiresFields(schema: object | undefined, document: OpenAPIObject): boolean {
  if (!schema) return false;
  if ('$ref' in schema) {
    const named = document.components?.schemas?.[String(schema.$ref).split('/').at(-1) ?? ''];
    return requiresFields(named, document);
  }
  // A union has no `required` of its own: one of its members must be sent.
  return !('properties' in schema) || ('required' in schema && Array.isArray(schema.required) && schema.required.length > 0);
}

function describedRoutes(app: INestApplication): Map<string, Described> {
  const reflector = app.get(Reflector);
  const scanner = new MetadataScanner();
  const routes = new Map<string, Described>();
  for (const { instance, metatype } of app.get(DiscoveryService, { strict: false }).getControllers()) {
    if (!metatype || typeof instance !== 'object' || instance === null) continue;
    for (const name of scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object)) {
      const handler = (instance as Record<string, unknown>)[name];
      if (typeof handler !== 'function') continue;
      const description = reflector.get<RouteDescription | undefined>(ROUTE, handler as () => void);
      if (!description) continue;
      const id = operationIdOf(metatype.name, name);
      if (routes.has(id)) throw new Error(`two controllers are called ${metatype.name}: their operations need names of their own`);
      routes.set(id, {
        ...description,
        access: reflector.getAllAndOverride<Access | undefined>(ACCESS, [handler as () => void, metatype]) ?? 'user',
        idempotent: reflector.get<boolean | undefined>(IDEMPOTENT, handler as () => void) ?? false,
      });
    }
  }
  return routes;
}

/** `OrdersController.place` → `ordersPlace`: what generated clients call the function. */
function operationIdOf(controller: string, method: string): string {
  const subject = controller.replace(/Controller$/, '');
  return subject.charAt(0).toLowerCase() + subject.slice(1) + method.charAt(0).toUpperCase() + method.slice(1);
}

/** A schema with `.meta({ id })` becomes a component of that name, the others stand where they are used. */
function convert(schema: z.ZodType, io: 'input' | 'output'): { schema: object; components: Record<string, object> } {
  const {
    $schema: _,
    $defs: components = {},
    ...converted
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: ({ zodSchema, jsonSchema }) => adjust(zodSchema, jsonSchema) });
  return { schema: converted, components };
}

function adjust(zodSchema: z.core.$ZodType, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  // Answers grow new fields; clients must not be told that they never will.
  if (zodSchema instanceof z.ZodObject && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  if (zodSchema instanceof z.ZodDefault) jsonSchema.default = zodSchema.def.defaultValue;
}
