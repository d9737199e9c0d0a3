import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { javaForKafka, KafkaMissing, kafkaJars } from '../../infra/kafka-jars.js';
import { temporaryFolder } from '../../infra/temporary-folder.js';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => vi.unstubAllEnvs());

const oneLine = (...words: readonly string[]): RegExp => new RegExp(`^[^\\n]*${words.join('[^\\n]*')}[^\\n]*$`);

test('without Java one line says what to install', async () => {
  vi.stubEnv('JAVA_HOME', folder);
  const missing = javaForKafka();
  await expect(missing).rejects.toThrow(KafkaMissing);
  await expect(missing).rejects.toThrow(oneLine('there is no', 'apt-get install -y openjdk-17-jre-headless'));
});

test('without Maven one line says what to install, and nothing half is left behind', async () => {
  vi.stubEnv('XDG_CACHE_HOME', folder);
  vi.stubEnv('PATH', folder);
  const missing = kafkaJars();
  await expect(missing).rejects.toThrow(KafkaMissing);
  await expect(missing).rejects.toThrow(oneLine('there is no mvn', 'apt-get install -y maven'));
  await expect(kafkaJars()).rejects.toThrow(KafkaMissing);
});
