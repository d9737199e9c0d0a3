import { auditCommand } from './audit-command.js';

process.exitCode = await auditCommand(process.argv.slice(2), process.env, process.stdout, process.stderr);
