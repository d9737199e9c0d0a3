const PLACES_MIN = 128;
/** What never falls below this is a queue that stands, not a burst that passes. */
const STANDING_REQUESTS_MIN = 64;
const WAIT_MS_MAX = 1_000;

/** How fast the requests of one route are finished, and how many of them may therefore be under way. */
export class Pace {
  private inside = 0;
  private places = Infinity;
  private second = { startMs: 0, finished: 0, insideMin: 0 };

  free(nowMs: number): number {
    this.look(nowMs);
    return this.places - this.inside;
  }

  began(): void {
    this.inside++;
  }

  finished(nowMs: number): void {
    this.look(nowMs);
    this.inside--;
    this.second.finished++;
    this.second.insideMin = Math.min(this.second.insideMin, this.inside);
  }

  private look(nowMs: number): void {
    const { startMs, finished, insideMin } = this.second;
    const lastedMs = nowMs - startMs;
    if (lastedMs < WAIT_MS_MAX) return;
    const stands = insideMin > STANDING_REQUESTS_MIN;
    this.places = stands ? Math.max(Math.ceil((finished * WAIT_MS_MAX) / lastedMs), PLACES_MIN) : Infinity;
    this.second = { startMs: nowMs, finished: 0, insideMin: this.inside };
  }
}
