/** From here on promises differ by their third and fourth place. */
const NEARLY_ALL = 0.99

/** Per cent of a share from 0 to 1, without its sign: two places, and as many as four where it is nearly all. */
export function shareText(share: number): string {
  return percentCut(share, share > NEARLY_ALL ? 4 : 2).replace(/(\.\d\d\d*?)0+$/, '$1')
}

/** Per cent with so many places, cut and not rounded: 99.996 is not 100, and 99.8996 does not keep a promise of 99.9. */
export function percentCut(share: number, places: number): string {
  const steps = 10 ** places
  // 0.999 times 100 is a little less than 99.9.
  return (Math.floor(share * 100 * steps + 1e-6) / steps).toFixed(places)
}
