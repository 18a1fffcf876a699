/** A serial port of a till. */
export interface SerialEndpoint {
  readonly kind: 'serial'
  /** `/dev/ttyS0`, `COM1`. */
  readonly port: string
  readonly baud: number
  readonly dataBits: 7 | 8
  readonly parity: 'none' | 'even' | 'odd'
  readonly stopBits: 1 | 2
}

/** A printer on USB, as the system offers it: `/dev/usb/lp0`. */
export interface UsbEndpoint {
  readonly kind: 'usb'
  readonly port: string
}

/** A TCP port as the till sees it. */
export interface TcpEndpoint {
  readonly kind: 'tcp'
  readonly host: string
  readonly port: number
}

/** Where a printer hangs, on the machine that a line runs on. */
export type Endpoint = SerialEndpoint | UsbEndpoint | TcpEndpoint

export const BAUDS: readonly number[] = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200]
/** What a port of a Linux till may be called: nothing outside of `/dev`. */
export const POSIX_PORT = /^\/dev\/(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_./-]*$/
export const WINDOWS_PORT = /^COM[1-9][0-9]{0,2}$/
