// Loaded before a program of ours (NODE_OPTIONS=--import): its clock of the wall is off by TILL_TEST_CLOCK_MS, as that of a machine without NTP is.
const Right = Date
const offMs = Number(process.env.TILL_TEST_CLOCK_MS)

globalThis.Date = class extends Right {
  constructor(...args) {
    if (args.length === 0) super(Right.now() + offMs)
    else super(...args)
  }

  static now() {
    return Right.now() + offMs
  }
}
