export { ansibleIni, ansibleYaml } from '../../../lang/foreign/export-ansible.ts'
export { devicesCsv } from '../../../lang/foreign/export-csv.ts'
