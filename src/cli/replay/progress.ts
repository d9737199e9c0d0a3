import { Presets, SingleBar } from 'cli-progress';

/** Shows how far the stages of a run are. */
export interface Progress {
  /** One stage at a time. */
  begin(name: string, total: number): Stage;
}

export interface Stage {
  step(): void;
  end(): void;
}

export const SILENT: Progress = { begin: () => ({ step: () => {}, end: () => {} }) };

const NAME_CHARACTERS = 10;
const PLAIN_LINES_PER_STAGE = 4;

/** A bar on a terminal; elsewhere (a log, a pipe) a few plain lines. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  return { begin: (name, total) => (stream.isTTY ? barOn(stream, name, total) : plainLinesOn(stream, name, total)) };
}

function barOn(stream: NodeJS.WriteStream, name: string, total: number): Stage {
  const format = `${name.padEnd(NAME_CHARACTERS)} {bar} {percentage}%  {value}/{total}  {duration_formatted}`;
  const bar = new SingleBar({ stream, format, hideCursor: true, autopadding: true }, Presets.shades_classic);
  bar.start(total, 0);
  return { step: () => bar.increment(), end: () => bar.stop() };
}

function plainLinesOn(stream: NodeJS.WriteStream, name: string, total: number): Stage {
  const startedAt = performance.now();
  const every = Math.ceil(total / PLAIN_LINES_PER_STAGE);
  let done = 0;
  const tell = (): void => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    stream.write(`${name.padEnd(NAME_CHARACTERS)} ${done}/${total}  ${seconds} s\n`);
  };
  return {
    step: () => {
      done += 1;
      if (done % every === 0 && done < total) tell();
    },
    end: tell,
  };
}
