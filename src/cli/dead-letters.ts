import { deadLettersCommand } from './dead-letters-command.js';

process.exitCode = await deadLettersCommand(process.argv.slice(2), process.env, process.stdout, process.stderr);
