/**
 * Labels as they stand between the braces of a metric. "Backslash, double-quote and line feed" of a value are escaped (prometheus.io,
 * Exposition formats, Text-based format).
 */
export function prometheusLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`)
    .join(',')
}
