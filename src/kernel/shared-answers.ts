/**
 * Lets those who ask the same at the same time share an answer: whoever comes while one is being found shares the next one, so that
 * every answer is as of after it was asked for, and a crowd costs no more than one.
 */
export class SharedAnswers<Answer> {
  private readonly beingFound = new Map<string, Promise<Answer>>();
  private readonly next = new Map<string, Promise<Answer>>();

  ask(question: string, find: () => Promise<Answer>): Promise<Answer> {
    const current = this.beingFound.get(question);
    if (!current) return this.begin(question, find);
    const shared = this.next.get(question) ?? this.following(current, question, find);
    this.next.set(question, shared);
    return shared;
  }

  private async following(current: Promise<Answer>, question: string, find: () => Promise<Answer>): Promise<Answer> {
    // A fault of the one before is told to those who asked for it.
    await current.catch(() => {});
    this.next.delete(question);
    return this.begin(question, find);
  }

  private begin(question: string, find: () => Promise<Answer>): Promise<Answer> {
    const finding = find().finally(() => this.beingFound.delete(question));
    this.beingFound.set(question, finding);
    return finding;
  }
}
