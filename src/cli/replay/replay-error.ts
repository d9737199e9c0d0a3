/** What whoever runs the replay can put right; the message is one line that says how. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}
