import { dataPlatformCommand } from './data-platform-command.js';

process.exitCode = await dataPlatformCommand(process.argv.slice(2), process.env, process.stdout, process.stderr);
