import { Consumer } from '@platformatic/kafka';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../src/database/embedded/free-port.js';
import { javaForKafka, kafkaJars } from './kafka-jars.js';
import { type SupervisedProcess, supervise } from './supervised.js';
import { temporaryFolder } from './temporary-folder.js';

const START_MS_MAX = 60_000;
const LOOK_EVERY_MS = 50;
const LOG_TAIL_CHARACTERS = 2_000;
const UUID_BYTES = 16;

/** Starts soon rather than runs fast: a broker for tests and for trying things out. */
const JAVA_OPTIONS = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

/** A broker of our own, on 127.0.0.1. */
export interface Kafka {
  /** For `KAFKA_BROKERS`. */
  readonly brokers: string;
  /** Ends it for good; its data go, too. */
  stop(): Promise<void>;
  /** Kill -9. */
  kill(): Promise<void>;
  /** Starts it again with its data and on its port, killing it first when it runs. */
  restart(): Promise<void>;
  /** It keeps its connections and answers nobody, as a hung machine does. */
  pause(): void;
  resume(): void;
}

/**
 * Starts Kafka in KRaft mode, broker and controller in one process, with an empty log.
 *
 * @throws KafkaMissing when Java or its jars are not to be had.
 */
export async function startKafka(): Promise<Kafka> {
  const [java, jars, port, controllerPort] = await Promise.all([javaForKafka(), kafkaJars(), freePort(null), freePort(null)]);
  const folder = temporaryFolder();
  const [settingsFile, loggingFile] = [join(folder, 'server.properties'), join(folder, 'log4j2.properties')];
  writeFileSync(settingsFile, settings(folder, port, controllerPort));
  writeFileSync(loggingFile, LOGGING);
  const program = [...JAVA_OPTIONS, `-Dlog4j2.configurationFile=${loggingFile}`, '-cp', join(jars, '*')];
  const format = [
    'kafka.tools.StorageTool',
    'format',
    `--cluster-id=${randomBytes(UUID_BYTES).toString('base64url')}`,
    '--config',
    settingsFile,
  ];
  await promisify(execFile)(java, [...program, ...format], { timeout: START_MS_MAX });

  const start = async (): Promise<SupervisedProcess> => {
    const command = [java, ...program, 'kafka.Kafka', settingsFile];
    const started = await supervise(command, { cwd: folder, logFile: join(folder, 'output.log') });
    await untilItListens(port, started, folder);
    await untilItCoordinates(`127.0.0.1:${port}`);
    return started;
  };
  let broker = await start();
  const kill = async (): Promise<void> => {
    broker.signal('KILL');
    await broker.exited;
  };
  return {
    brokers: `127.0.0.1:${port}`,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
    kill,
    async restart() {
      await kill();
      broker = await start();
    },
    pause: () => broker.signal('STOP'),
    resume: () => broker.signal('CONT'),
  };
}

async function untilItListens(port: number, broker: SupervisedProcess, folder: string): Promise<void> {
  const ended = broker.exited.then(() => true);
  const running = (): Promise<boolean> => Promise.race([ended, sleep(LOOK_EVERY_MS, false)]).then((gone) => !gone);
  for (const giveUpAt = Date.now() + START_MS_MAX; Date.now() < giveUpAt && (await running());) if (await listens(port)) return;
  broker.signal('KILL');
  throw new Error(`Kafka did not start:\n${readFileSync(join(folder, 'output.log'), 'utf8').slice(-LOG_TAIL_CHARACTERS)}`);
}

/** The first group of a new broker waits for the topic of the offsets, which can take seconds; of a restarted one, for its loading. */
async function untilItCoordinates(broker: string): Promise<void> {
  const asking = new Consumer({
    clientId: 'infra',
    groupId: 'infra',
    bootstrapBrokers: [broker],
    retries: START_MS_MAX / LOOK_EVERY_MS,
    retryDelay: LOOK_EVERY_MS,
  });
  try {
    await asking.findGroupCoordinator();
  } finally {
    await asking.close(true);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1')
      .once('connect', () => {
        probe.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });
}

/** One broker is a cluster: its own topics have one replica, and a first member of a group need not wait for others. */
const settings = (folder: string, port: number, controllerPort: number): string => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(folder, 'data')}
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
log.retention.check.interval.ms=3600000
log.cleaner.dedupe.buffer.size=16777216
`;

/** What it has to say goes to its output. */
const LOGGING = `
rootLogger.level=WARN
rootLogger.appenderRef.output.ref=output
appender.output.type=Console
appender.output.name=output
appender.output.layout.type=PatternLayout
appender.output.layout.pattern=%d %p %m (%c)%n
`;
