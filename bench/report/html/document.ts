import type { Surroundings } from '../surroundings.js';
import { element, escaped } from './markup.js';
import { STYLE } from './style.js';

/** One file that asks nobody for anything. @param body markup */
export function documentOf(title: string, body: readonly string[]): string {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style>`;
  return `<!doctype html>\n${element('html', { lang: 'en' }, element('head', {}, head), element('body', {}, ...body))}\n`;
}

/** @param words markup */
export const section = (title: string, words: string, ...content: readonly string[]): string =>
  element('section', {}, element('h2', {}, escaped(title)), words === '' ? '' : element('p', { class: 'quiet' }, words), ...content);

/** What a colour stands for. */
export const key = (series: string, text: string): string => element('span', { class: `key ${series}` }) + escaped(text);

export const madeAt = ({ at, surroundings }: { readonly at: string; readonly surroundings: Surroundings }): string =>
  element(
    'p',
    { class: 'quiet' },
    escaped(
      `${at.slice(0, 16).replace('T', ' ')} UTC, commit ${surroundings.commit}. Client, shop and PostgreSQL shared ${surroundings.cores} cores.`,
    ),
  );
