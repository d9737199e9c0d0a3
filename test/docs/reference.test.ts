import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fencesOf, headingLevelsOf, project, readDocument } from './markdown.js';

const LANGUAGES = ['README.md', 'README.ko.md'];

test('the Korean README has the sections of the English one', () => {
  expect(headingLevelsOf(readDocument('README.ko.md'))).toEqual(headingLevelsOf(readDocument('README.md')));
});

test('the Korean README has the code blocks of the English one, letter by letter', () => {
  const blocks = ({ info, text }: { info: string; text: string }): string => `${info}\n${text}`;
  expect(fencesOf(readDocument('README.ko.md')).map(blocks)).toEqual(fencesOf(readDocument('README.md')).map(blocks));
});

test('the Korean README has the rows of the tables of the English one', () => {
  const names = (path: string): string[] => [...readDocument(path).matchAll(/^\| (`.*?`|\d+) \|/gm)].map(([, name = '']) => name);
  expect(names('README.ko.md')).toEqual(names('README.md'));
});

describe.each(LANGUAGES)('%s', (path) => {
  test('names every setting that the launcher knows', () => {
    const help = execFileSync(project('bin/ordersaga'), ['--help'], { encoding: 'utf8' });
    const settings = [...help.matchAll(/^ {2}[A-Z].*/gm)].flatMap(([line]) => line.match(/\b[A-Z]+(?:_[A-Z]+)*(?==|,| {2})/g) ?? []);
    expect(settings).toContain('DATABASE_POOL_MAX');
    const readme = readDocument(path);
    expect(settings.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

test.each([...LANGUAGES, 'CHANGELOG.md', 'docs/ARCHITECTURE.md', 'docs/RELIABILITY.md', 'docs/ADD-A-LISTENER.md'])(
  'every link of %s leads to a file',
  (path) => {
    const links = [...readDocument(path).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(dirname(project(path)), link)))).toEqual([]);
  },
);
