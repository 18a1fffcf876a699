/** Columns of HOST-RESOURCES-MIB (RFC 2790) and Printer-MIB (RFC 3805), without the index of a row. */
export const HR = {
  deviceType: '1.3.6.1.2.1.25.3.2.1.2',
  deviceDescription: '1.3.6.1.2.1.25.3.2.1.3',
  deviceStatus: '1.3.6.1.2.1.25.3.2.1.5',
  printerStatus: '1.3.6.1.2.1.25.3.5.1.1',
  errorState: '1.3.6.1.2.1.25.3.5.1.2',
} as const
export const PRINTER_TYPE = '1.3.6.1.2.1.25.3.1.5'
export const PROCESSOR_TYPE = '1.3.6.1.2.1.25.3.1.3'

export const PRT = {
  coverStatus: '1.3.6.1.2.1.43.6.1.1.3',
  serial: '1.3.6.1.2.1.43.5.1.1.17',
  inputType: '1.3.6.1.2.1.43.8.2.1.2',
  inputMax: '1.3.6.1.2.1.43.8.2.1.9',
  inputLevel: '1.3.6.1.2.1.43.8.2.1.10',
  inputName: '1.3.6.1.2.1.43.8.2.1.13',
  lifeCount: '1.3.6.1.2.1.43.10.2.1.4',
  supplyClass: '1.3.6.1.2.1.43.11.1.1.4',
  supplyType: '1.3.6.1.2.1.43.11.1.1.5',
  supplyDescription: '1.3.6.1.2.1.43.11.1.1.6',
  supplyMax: '1.3.6.1.2.1.43.11.1.1.8',
  supplyLevel: '1.3.6.1.2.1.43.11.1.1.9',
  console: '1.3.6.1.2.1.43.16.5.1.2',
  alertSeverity: '1.3.6.1.2.1.43.18.1.1.2',
  alertGroup: '1.3.6.1.2.1.43.18.1.1.4',
  alertCode: '1.3.6.1.2.1.43.18.1.1.7',
  alertDescription: '1.3.6.1.2.1.43.18.1.1.8',
} as const

export const SYSTEM = { description: '1.3.6.1.2.1.1.1.0' } as const

/** What is read in one go each; the columns of a group belong to one table. */
export const GROUPS: readonly (readonly string[])[] = [
  Object.values(HR),
  [PRT.serial, PRT.lifeCount, PRT.coverStatus],
  [PRT.inputType, PRT.inputMax, PRT.inputLevel, PRT.inputName],
  [PRT.supplyClass, PRT.supplyType, PRT.supplyDescription, PRT.supplyMax, PRT.supplyLevel],
  [PRT.alertSeverity, PRT.alertGroup, PRT.alertCode, PRT.alertDescription],
  [PRT.console],
]
