/** Hundredths of a unit are the least that is owed. */
const HUNDREDTHS = 100

/** A sum in whole hundredths: fractions of binary numbers would add up to amounts that nobody has written. */
export function sumOfMoney(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + Math.round(amount * HUNDREDTHS), 0) / HUNDREDTHS
}

/** An amount as it is written everywhere: with two places. */
export function moneyText(amount: number): string {
  return amount.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',')
}
