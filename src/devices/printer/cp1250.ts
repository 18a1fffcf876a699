/** Windows-1250, the code page of Polish fiscal printers; the bytes that it leaves open stand for C1 controls. */
const decoder = new TextDecoder('windows-1250')

const BYTES: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]),
)

export function decodeCp1250(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** What the code page does not have becomes a question mark. */
export function encodeCp1250(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => BYTES.get(character) ?? 0x3f)
}
