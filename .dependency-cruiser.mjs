// Who may import whom (docs/ARCHITECTURE.md, "The house"). Every rule has a planted violation in
// test/architecture/import-rules.test.ts; a rule without one fails that test.

/** Folders of src that are no domain. Every other folder is one, so a new domain is under the rules from its first file. */
const PLATFORM = ['messaging', 'database', 'locks', 'redis', 'kafka', 'config', 'http'];
const NOT_A_DOMAIN = ['kernel', 'cli', 'audit', ...PLATFORM];

const KERNEL = '^src/kernel/';
const ANY_PLATFORM = `^src/(?:${PLATFORM.join('|')})/`;
/** Captures the domain's name; `$1` in a `to` then means "the same domain". */
const DOMAIN = `^src/(?!(?:${NOT_A_DOMAIN.join('|')})/)([^/]+)/`;
const OTHER_DOMAIN = `^src/(?!(?:${NOT_A_DOMAIN.join('|')}|$1)/)[^/]+/`;
/** The only files that may name several domains. */
const ROOT = '^src/(?:app\\.module|event-catalogue|main)\\.ts$|^src/cli/';
/** The event bus, envelopes and listener decorators; the adapters live in folders below, the wiring in the two files named here. */
const MESSAGING_INTERFACES = '^src/messaging/(?!(?:messaging\\.module|domain-platform)\\.ts$)[^/]+\\.ts$';
const MESSAGING_ADAPTERS = '^src/messaging/[^/]+/';
/** Reads every domain's tables with SQL of its own and imports no domain. Operators ask it, through cli/ and console/; the shop itself never does. */
const OBSERVER = '^src/audit/';
const TESTS = '\\.test\\.ts$';

const PURE = [KERNEL, `${DOMAIN}domain/`];
const PURE_OR_APPLICATION = [KERNEL, `${DOMAIN}(?:domain|application)/`];
/** Node's own modules that compute but reach nothing outside the process. */
const BUILTINS_WITHOUT_IO = '^(?:node:)?(?:assert|async_hooks|buffer|crypto|events|perf_hooks|timers|timers/promises|util)$';

const npm = (...names) => `(?:^|/)node_modules/(?:@types/)?(?:${names.join('|')})(?:/|$)`;
const NPM_TYPES = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'];

/** @param {string} name @param {string} comment @param {object} from @param {object} to */
const refuse = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    // The graph as a whole
    refuse('no-circles', 'A circle of imports has no order in which it can be read.', {}, { circular: true }),
    refuse(
      'no-orphans',
      'Nothing imports it and it imports nothing: delete it or use it.',
      { orphan: true, pathNot: [TESTS, '\\.d\\.ts$'] },
      {},
    ),
    refuse('no-barrels', 'Import the file that has the thing.', {}, { path: ['^src/.*/index\\.ts$', '^src/index\\.ts$'] }),
    refuse('no-unresolvable', 'The file or package does not exist.', {}, { couldNotResolve: true }),
    refuse('no-undeclared-packages', 'Declare it in package.json.', {}, { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] }),
    refuse(
      'no-dev-packages',
      'What runs in production is a dependency.',
      { path: '^src/', pathNot: TESTS },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    refuse('no-test-code', 'Code does not know its tests.', { path: '^src/', pathNot: TESTS }, { path: [TESTS, '^(?:test|bench|infra)/'] }),

    // Arrows between the layers
    refuse('kernel-imports-nothing', 'kernel → nothing.', { path: KERNEL }, { path: '^src/', pathNot: KERNEL }),
    refuse(
      'domain-imports-kernel',
      'domain → kernel.',
      { path: `${DOMAIN}domain/` },
      { path: '^src/', pathNot: [KERNEL, '^src/$1/domain/', OTHER_DOMAIN, MESSAGING_ADAPTERS, OBSERVER] },
    ),
    refuse(
      'application-imports-domain-and-messaging',
      'application → own domain, own ports, kernel, the interfaces of messaging.',
      { path: `${DOMAIN}application/` },
      { path: '^src/', pathNot: [KERNEL, '^src/$1/(?:application|domain)/', MESSAGING_INTERFACES, OTHER_DOMAIN, MESSAGING_ADAPTERS, OBSERVER] },
    ),
    refuse(
      'infrastructure-imports-application-and-platform',
      'infrastructure → own application and domain, kernel, platform.',
      { path: `${DOMAIN}infrastructure/` },
      { path: '^src/', pathNot: [KERNEL, '^src/$1/(?:application|domain|infrastructure)/', ANY_PLATFORM, OTHER_DOMAIN, OBSERVER] },
    ),
    refuse(
      'presentation-imports-application-and-platform',
      'presentation → own application and domain, kernel, platform.',
      { path: `${DOMAIN}presentation/` },
      { path: '^src/', pathNot: [KERNEL, '^src/$1/(?:application|domain|presentation)/', ANY_PLATFORM, OTHER_DOMAIN, OBSERVER] },
    ),
    refuse(
      'module-imports-own-domain',
      '<domain>.module.ts → own domain, kernel, platform.',
      { path: `${DOMAIN}[^/]+\\.ts$` },
      { path: '^src/', pathNot: [KERNEL, '^src/$1/', ANY_PLATFORM, OTHER_DOMAIN, OBSERVER] },
    ),

    // Between domains
    refuse(
      'domains-share-events-only',
      "application → another domain's application/events/ and nothing else of it.",
      { path: `${DOMAIN}application/` },
      { path: OTHER_DOMAIN, pathNot: `${OTHER_DOMAIN}application/events/` },
    ),
    refuse(
      'only-application-knows-other-domains',
      'Events of other domains arrive in application/; the other layers never see another domain.',
      { path: `${DOMAIN}(?!application/)` },
      { path: OTHER_DOMAIN },
    ),
    refuse(
      'process-payment-stands-alone',
      'ProcessPaymentUseCase → OrderService, the event bus, the payment lock, and the types these speak in.',
      { path: '^src/order/application/process-payment\\.use-case\\.ts$' },
      {
        path: '^src/',
        pathNot: [
          KERNEL,
          '^src/order/domain/',
          '^src/order/application/events/',
          '^src/order/application/(order\\.service|payment-lock\\.port)\\.ts$',
          MESSAGING_INTERFACES,
        ],
      },
    ),

    // Platform and root
    refuse('platform-knows-no-domain', 'Platform → kernel and platform.', { path: ANY_PLATFORM }, { path: [DOMAIN, ROOT] }),
    refuse('messaging-knows-no-http', 'The bus works the same without a web server.', { path: '^src/messaging/' }, { path: '^src/http/' }),
    refuse(
      'interfaces-know-no-adapter',
      "messaging's interfaces → kernel; its adapters depend on them.",
      { path: MESSAGING_INTERFACES, pathNot: TESTS },
      { path: ['^src/(?:database|locks|redis|kafka|config)/', MESSAGING_ADAPTERS] },
    ),
    refuse(
      'kafka-knows-no-messaging',
      'kafka/ sends what it is given, and does not know whose events these are.',
      { path: '^src/kafka/' },
      { path: '^src/', pathNot: ['^src/kafka/', KERNEL, '^src/config/'] },
    ),
    refuse(
      'domains-know-no-adapter',
      'Going to Kafka swaps the adapter and no file of a domain.',
      { path: DOMAIN },
      { path: MESSAGING_ADAPTERS },
    ),
    refuse(
      'buses-stand-alone',
      'One adapter of the event bus does not know the other.',
      { path: '^src/messaging/(in-process|kafka)/' },
      { path: '^src/messaging/(?!$1/)(?:in-process|kafka)/' },
    ),
    refuse(
      'only-the-root-names-domains',
      'Only app.module.ts, event-catalogue.ts, main.ts and cli/ stand above the domains.',
      { path: '^src/[^/]+\\.ts$', pathNot: ROOT },
      { path: DOMAIN },
    ),
    refuse(
      'audit-imports-database-only',
      'The auditor → kernel, database, config: it must not share the code that it checks.',
      { path: OBSERVER },
      { path: '^src/', pathNot: [OBSERVER, KERNEL, '^src/(?:database|config)/'] },
    ),
    refuse(
      'only-cli-and-console-audit',
      'The shop runs the same without its auditor; operators, tests and benchmarks ask it.',
      { path: '^src/', pathNot: [OBSERVER, '^src/(?:cli|console)/'] },
      { path: OBSERVER },
    ),

    // Packages
    refuse(
      'pure-code-uses-zod-only',
      'kernel and domain outlive the framework.',
      { path: PURE, pathNot: TESTS },
      { dependencyTypes: NPM_TYPES, pathNot: npm('zod') },
    ),
    refuse(
      'application-uses-nest-and-zod-only',
      'Other packages stand behind a port.',
      { path: `${DOMAIN}application/`, pathNot: TESTS },
      { dependencyTypes: NPM_TYPES, pathNot: npm('zod', '@nestjs/common') },
    ),
    refuse(
      'no-io-in-pure-code',
      'Files, sockets and processes stand behind a port.',
      { path: PURE_OR_APPLICATION },
      { dependencyTypes: ['core'], pathNot: BUILTINS_WITHOUT_IO },
    ),
    refuse(
      'pg-in-database-only',
      'One place knows the driver.',
      { path: '^src/', pathNot: ['^src/database/', ...PURE_OR_APPLICATION] },
      { path: npm('pg', 'pg-[^/]+') },
    ),
    refuse(
      'redis-in-redis-only',
      'One place knows the driver.',
      { path: '^src/', pathNot: ['^src/redis/', ...PURE_OR_APPLICATION] },
      { path: npm('redis', '@redis') },
    ),
    refuse(
      'fastify-at-the-edge-only',
      'One place knows the web server, and the gateway, which is one itself.',
      { path: '^src/', pathNot: ['^src/http/', '^src/cli/gateway/', `${DOMAIN}presentation/`, ...PURE_OR_APPLICATION] },
      { path: npm('fastify', '@fastify', '@nestjs/platform-fastify') },
    ),
    refuse(
      'kafka-in-kafka-only',
      'Two places know the client: kafka/, which others use to send, and the event bus, which also reads.',
      { path: '^src/', pathNot: ['^src/kafka/', '^src/messaging/kafka/', ...PURE_OR_APPLICATION] },
      { path: npm('@platformatic/kafka') },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
