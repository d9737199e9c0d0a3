import type { DeadLetter, DeadLetterAction, DeadLetterDetail } from '../messaging/dead-letters.js';

export function letterLines(letters: readonly DeadLetter[], more: boolean): string[] {
  if (letters.length === 0) return ['Nothing is parked: every listener has handled its events, or has them still before it.'];
  return [
    ...letters.flatMap((letter) => [
      `${letter.id}  ${letter.state}  ${letter.subscriber}  ${letter.eventId}  ${failuresOf(letter)}`,
      ...(letter.lastFailure ? [`    ${letter.lastFailure.at}  ${oneLine(letter.lastFailure.message)}`] : []),
    ]),
    ...(more ? ['There are more: raise --limit, or narrow by --state, --subscriber, --topic.'] : []),
  ];
}

export function detailLines(letter: DeadLetterDetail): string[] {
  return [
    `${letter.id}  ${letter.state}  ${letter.neverGivesUp ? 'compensation: tried for ever' : 'side effect'}`,
    `  subscriber     ${letter.subscriber}`,
    `  event          ${letter.eventId} (${letter.topic} of ${letter.source}, subject ${letter.subject})`,
    `  parked at      ${letter.parkedAt}`,
    `  next attempt   ${letter.nextAttemptAt ?? 'none by itself'}`,
    `  failed         ${failuresOf(letter)}`,
    ...letter.failures.map(({ at, name, message }) => `    ${at}  ${name}: ${oneLine(message)}`),
    '  payload',
    ...JSON.stringify(letter.event.data, null, 2)
      .split('\n')
      .map((line) => `    ${line}`),
  ];
}

export function actionLines(actions: readonly DeadLetterAction[]): string[] {
  if (actions.length === 0) return ['Nobody has done anything yet.'];
  return actions.map(
    ({ at, actor, action, deadLetterId, subscriber, eventId, reason }) =>
      `${at}  ${actor}  ${action}  ${deadLetterId}  ${subscriber}  ${eventId}${reason === null ? '' : `  "${oneLine(reason)}"`}`,
  );
}

function failuresOf({ failuresTotal, state, nextAttemptAt }: DeadLetter): string {
  if (failuresTotal === 0) return nextAttemptAt === null ? 'waits behind an earlier event' : 'not tried yet';
  return `failed ${failuresTotal} time(s)${state === 'DEAD' ? ', given up' : ''}`;
}

/** What others wrote must not move the cursor of a terminal. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');
