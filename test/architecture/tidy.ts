import ts from 'typescript';
import {
  below,
  belowInSameFunction,
  calleeOf,
  type Complaint,
  complainAt,
  complainOfLines,
  domainOf,
  type File,
  folderOf,
  isCode,
  isObserver,
  isTest,
  nodesOf,
} from './source-files.js';

const FILE_LINES_MAX = 300;
/** Longer files that read better whole. Path → why. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'test/simulation/store/memory-order-repository.ts': 'the counterpart of one repository and its statements',
};

/** Tests that only some can run, said in one place each. Path → why nobody else needs them, or who sees to it that they run. */
const CONDITIONAL_TESTS: Readonly<Record<string, string>> = {
  'test/runtime/embedded-postgres-user.test.ts': 'only root can become another user; every other user is one already',
  'test/support/describe-with.ts': 'tests that need a server that not every machine can get; with CI=true they fail without it',
};

const LAYERS = ['application', 'domain', 'infrastructure', 'presentation'];

type Check = (files: readonly File[]) => Complaint[];

const each =
  (check: (file: File) => Complaint[]): Check =>
  (files) =>
    files.flatMap(check);

const eachNode = (applies: (file: File) => boolean, judge: (node: ts.Node, file: File) => string | undefined): Check =>
  each((file) => {
    if (!applies(file)) return [];
    return nodesOf(file).flatMap((node) => {
      const message = judge(node, file);
      return message === undefined ? [] : [complainAt(file, node, message)];
    });
  });

const everyFile = (): boolean => true;

/** What no linter knows about this code base. Each check has a planted violation in tidy.test.ts. */
export const CHECKS = {
  'no long files': each((file) => {
    const lines = file.text.trimEnd().split('\n').length;
    return lines > FILE_LINES_MAX && !(file.path in LONG_FILES)
      ? [{ path: file.path, line: lines, message: `over ${FILE_LINES_MAX} lines` }]
      : [];
  }),

  'nothing left for later': each((file) => complainOfLines(file, /\b(?:T[O]DO|FIX[M]E|X[X]X)\b/, 'do it now, or write an issue')),

  'every test runs': eachNode(isTest, (node, file) => {
    if (!ts.isCallExpression(node) || ts.isCallExpression(node.parent) || ts.isPropertyAccessExpression(node.parent)) return undefined;
    const [root = '', ...modifiers] = calleeOf(node);
    const stops = modifiers.some(
      (name) =>
        ['only', 'skip', 'todo', 'fails', 'skipIf', 'runIf'].includes(name) && !(name === 'runIf' && file.path in CONDITIONAL_TESTS),
    );
    return stops && ['test', 'it', 'describe', 'suite'].includes(root) ? 'no test is focused, skipped or planned' : undefined;
  }),

  'no console outside cli': eachNode(isCode, (node) =>
    ts.isPropertyAccessExpression(node) && node.expression.getText() === 'console' ? 'log with the logger; only src/cli prints' : undefined,
  ),

  'no cast to any': eachNode(everyFile, (node) =>
    (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && node.type.kind === ts.SyntaxKind.AnyKeyword
      ? 'say what it is, or `unknown`'
      : undefined,
  ),

  'no I prefix': eachNode(everyFile, (node) =>
    (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) && /^I[A-Z][a-z]/.test(node.name?.text ?? '')
      ? 'name the thing, not its kind'
      : undefined,
  ),

  'every file of a domain stands in a layer': each((file) => {
    const domain = domainOf(file);
    if (domain === undefined || !file.path.startsWith('src/') || file.path === `src/${domain}/${domain}.module.ts`) return [];
    return LAYERS.includes(file.path.split('/')[2] ?? '') ? [] : [{ path: file.path, line: 1, message: `move it to ${LAYERS.join(', ')}` }];
  }),

  'a use case has one public method, execute': eachNode(isCode, (node, file) => {
    if (!file.path.endsWith('.use-case.ts') || !ts.isClassDeclaration(node) || !node.name?.text.endsWith('UseCase')) return undefined;
    const methods = node.members.filter((member) => ts.isMethodDeclaration(member)).filter((method) => !isHidden(method));
    const names = methods.map((method) => method.name.getText());
    return names.join() === 'execute' ? undefined : `public methods: ${names.join(', ') || 'none'}`;
  }),

  "no SQL names another domain's schema": each((file) => {
    const folder = folderOf(file);
    if (folder === undefined || isObserver(file)) return [];
    return sqlTextsOf(file).flatMap(({ text, line }) =>
      [...text.matchAll(/\bshop_([a-z]*)/g)]
        .filter(([, schema]) => schema !== folder && !(schema === '' && domainOf(file) === undefined))
        .map(([name]) => ({ path: file.path, line, message: `${name} belongs to somebody else` })),
    );
  }),

  'the name of a statement begins with its folder': each((file) =>
    statementsOf(file).flatMap(({ name, node }) => {
      if (name === undefined) return [complainAt(file, node, 'write the name out')];
      return name.startsWith(`${folderOf(file)}.`) ? [] : [complainAt(file, node, `${name} should begin with ${folderOf(file)}.`)];
    }),
  ),

  // Two texts under one name: PostgreSQL would run the first for both.
  'the name of a statement is unique': (files) => {
    const seen = new Set<string>();
    return files.flatMap((file) =>
      statementsOf(file).flatMap(({ name, node }) => {
        if (name === undefined) return [];
        if (seen.has(name)) return [complainAt(file, node, `${name} exists already`)];
        seen.add(name);
        return [];
      }),
    );
  },

  // Some day a thousand items come: one statement for all (`unnest`) instead of one per item. Retries and polls loop on `for (;;)` or `while` and are free.
  // Where the steps must follow one another, a comment says so: one by one, in sequence, in turn, or the linter's.
  'no query per item': eachNode(isCode, (node, file) =>
    asksPerItem(node, file) && !saysWhy(node) ? 'one statement for all items' : undefined,
  ),
} satisfies Record<string, Check>;

export type CheckName = keyof typeof CHECKS;

function isHidden(method: ts.MethodDeclaration): boolean {
  return (method.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword);
}

/** All text that could be SQL: string and template literals of code (not its comments), and SQL files without comments. */
function sqlTextsOf(file: File): { text: string; line: number }[] {
  if (!file.path.endsWith('.ts')) {
    return file.text.split('\n').map((line, index) => ({ text: line.replace(/--.*/, ''), line: index + 1 }));
  }
  return nodesOf(file)
    .filter((node) => ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node))
    .map((node) => ({ text: node.text, line: complainAt(file, node, '').line }));
}

/** The `sql(name, text)` calls; `${…}` in a name reads as `*`, any other expression as undefined. */
function statementsOf(file: File): { name: string | undefined; node: ts.CallExpression }[] {
  if (!isCode(file)) return [];
  return nodesOf(file)
    .filter((node) => ts.isCallExpression(node))
    .filter((node) => ts.isIdentifier(node.expression) && node.expression.text === 'sql')
    .map((node) => ({ name: writtenOut(node.arguments[0]), node }));
}

function writtenOut(name: ts.Expression | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (ts.isStringLiteralLike(name)) return name.text;
  if (ts.isTemplateExpression(name)) return name.head.text + name.templateSpans.map((span) => `*${span.literal.text}`).join('');
  return undefined;
}

/** In a domain every await counts, because a port hides its query. */
function asksPerItem(node: ts.Node, file: File): boolean {
  if (ts.isForOfStatement(node) || ts.isForInStatement(node)) {
    if (isAsyncIteration(node)) return false;
    return queries(node.statement) || (domainOf(file) !== undefined && awaits(node.statement));
  }
  if (ts.isForStatement(node)) return node.condition !== undefined && queries(node.statement);
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const callback = node.arguments[0];
  const overItems = ['map', 'flatMap', 'forEach', 'reduce', 'filter'].includes(node.expression.name.text);
  return overItems && callback !== undefined && ts.isFunctionLike(callback) && queries(callback);
}

const isAsyncIteration = (loop: ts.ForInOrOfStatement): boolean => ts.isForOfStatement(loop) && loop.awaitModifier !== undefined;

const awaits = (body: ts.Statement): boolean => [body, ...belowInSameFunction(body)].some((node) => ts.isAwaitExpression(node));

const queries = (body: ts.Node): boolean => [...below(body)].some((node) => ts.isCallExpression(node) && calleeOf(node).at(-1) === 'query');

function saysWhy(node: ts.Node): boolean {
  const statement = ts.findAncestor(node, (ancestor) => ts.isStatement(ancestor)) ?? node;
  const comment = statement.getFullText().slice(0, statement.getLeadingTriviaWidth());
  return /\b(?:one by one|in sequence|in turn)\b/i.test(comment) || /no-await-in-loop -- \S/.test(statement.getFullText());
}
