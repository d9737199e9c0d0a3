import { z } from 'zod';
import { instant } from '../../http/schemas.js';

const findings = z.object({
  total: z.int(),
  listed: z
    .array(z.object({ sentence: z.string(), facts: z.record(z.string(), z.union([z.number(), z.string(), z.null()])) }))
    .readonly()
    .describe('The first 100'),
});

export const AuditAnswer = z
  .object({
    at: instant.describe('When the snapshot of the order domain’s database was taken, by its clock'),
    databases: z.array(z.object({ name: z.string(), domains: z.array(z.string()).readonly(), at: instant })).readonly(),
    clean: z.boolean().describe('No violations; with `settled` nothing pending either'),
    violations: z.int(),
    pending: z.int().describe('Not at rest, and allowed to be so while work is under way'),
    census: z.record(z.string(), z.int()).describe('How much there is of everything that was gone through'),
    checks: z
      .array(
        z.object({
          id: z.string().describe('The invariant and, behind the dot, which consequence of it'),
          title: z.string(),
          examined: z.int(),
          examinedWhat: z.string(),
          violations: findings,
          pending: findings,
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Audit' });

export const AuditQuery = z.object({
  settled: z.stringbool().default(false).describe('Refuse what is pending, too: for a shop at rest'),
});
