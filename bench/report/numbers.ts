/** `2,310`. */
export const whole = (figure: number): string => (Number.isFinite(figure) ? Math.round(figure).toLocaleString('en') : '–');

/** Three digits that count: `0.42`, `4.25`, `42.5`, `425`. */
export function short(figure: number | null): string {
  if (figure === null || !Number.isFinite(figure)) return '–';
  if (figure >= 100) return whole(figure);
  return figure.toFixed(figure >= 10 ? 1 : 2);
}

/** `0.83`, and `1.50`: ratios are compared with each other. */
export const ratio = (figure: number): string => figure.toFixed(2);
