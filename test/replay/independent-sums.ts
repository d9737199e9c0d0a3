/**
 * The sums of a retail history computed a second time, with nothing of the importer's: a CSV reader of its own, goods
 * told by the form of their code instead of a list of what is none, and money as digits.
 */
export interface Sums {
  readonly pence: bigint;
  readonly units: number;
  readonly lines: number;
  readonly sold: number;
  readonly invoices: number;
  readonly orders: number;
  /** By stock code and price as written. */
  readonly unitsByProduct: ReadonlyMap<string, number>;
}

export function sumsOf(csv: string): Sums {
  const rows = csv
    .split('\n')
    .slice(1)
    .filter((row) => row !== '')
    .map(cells);
  const sold = rows.filter(
    ([invoice = '', code = '', , quantity = '', , price = '']) =>
      /^\d/.test(invoice) && /^\d{5}[a-zA-Z]*$/.test(code) && !quantity.startsWith('-') && !price.startsWith('-') && /[1-9]/.test(price),
  );
  const unitsByProduct = new Map<string, number>();
  let pence = 0n;
  let units = 0;
  for (const [, code = '', , quantity = '', , price = ''] of sold) {
    pence += BigInt(quantity) * digitsInPence(price);
    units += Number(quantity);
    const product = `${code} ${digitsInPence(price)}`;
    unitsByProduct.set(product, (unitsByProduct.get(product) ?? 0) + Number(quantity));
  }
  return {
    pence,
    units,
    lines: rows.length,
    sold: sold.length,
    invoices: new Set(rows.map(([invoice]) => invoice)).size,
    orders: new Set(sold.map(([invoice]) => invoice)).size,
    unitsByProduct,
  };
}

/** Odd pieces between quotes are text; doubled quotes leave an empty piece between. */
function cells(row: string): string[] {
  const result = [''];
  for (const [index, piece] of row.split('"').entries()) {
    const parts = index % 2 === 1 ? [piece] : piece.split(',');
    result[result.length - 1] += parts[0] ?? '';
    result.push(...parts.slice(1));
  }
  return result;
}

function digitsInPence(price: string): bigint {
  const [pounds = '', decimals = ''] = price.split('.');
  return BigInt(pounds + `${decimals}00`.slice(0, 2));
}
