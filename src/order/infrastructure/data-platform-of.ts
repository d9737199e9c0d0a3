import { join } from 'node:path';
import type { Config } from '../../config/config.js';
import type { DataPlatform } from '../application/data-platform.port.js';
import { FileDataPlatform } from './file-data-platform.js';
import { HttpDataPlatform } from './http-data-platform.js';
import { KafkaDataPlatform } from './kafka-data-platform.js';

/** The data platform of the settings: the address that is set, else files. */
export function dataPlatformOf({ dataPlatform, dataDir }: Pick<Config, 'dataPlatform' | 'dataDir'>): DataPlatform {
  switch (dataPlatform?.kind) {
    case 'http':
      return new HttpDataPlatform(dataPlatform);
    case 'kafka':
      return new KafkaDataPlatform(dataPlatform);
    default:
      return new FileDataPlatform(join(dataDir, 'data-platform'));
  }
}
