import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** A place in src where statements are made. */
export interface StatementSite {
  /** `src/order/infrastructure/order-statements.ts:12`. */
  readonly at: string;
  readonly file: string;
  /** Matches the names of the statements made there: `messaging.${domain}.open-log` stands for one per domain. */
  readonly names: RegExp;
}

/** Every call of `sql(name, text)` in the code that runs in production. */
export function statementSites(): readonly StatementSite[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .toSorted()
    .flatMap((name) => sitesIn(`${SRC}/${name}`, `src/${name}`));
}

function sitesIn(file: string, path: string): StatementSite[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const sites: StatementSite[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'sql') {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const [name] = node.arguments;
      if (name === undefined) throw new Error(`${path}:${line}: a statement without a name`);
      sites.push({ at: `${path}:${line}`, file, names: namesOf(name, `${path}:${line}`) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return sites;
}

function namesOf(name: ts.Expression, at: string): RegExp {
  if (ts.isStringLiteralLike(name)) return new RegExp(`^${RegExp.escape(name.text)}$`);
  if (!ts.isTemplateExpression(name)) throw new Error(`${at}: the name of a statement is a literal or a template, so that it can be found`);
  const rest = name.templateSpans.map(({ literal }) => `.+${RegExp.escape(literal.text)}`);
  return new RegExp(`^${RegExp.escape(name.head.text)}${rest.join('')}$`);
}
