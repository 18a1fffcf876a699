#!/usr/bin/env bash
# iso20022.js 0.0.15 (npm) and a bank statement (camt.053.001.02), against which takings and card settlements of stores are held. ISO 20022, message definition report: `RvslInd`
# true says that an entry is the result of a reversal; it is a YesNoIndicator, and an `Amt` has as many digits behind the point as ISO 4217 gives its currency: two for PLN,
# none for JPY, three for KWD; identifications (NtryRef, AcctSvcrRef, Stmt/Id, Ustrd) are texts of up to 35 or 140 characters.
# Guess before the run: the second entry is a reversal, and amounts are whole numbers of the smallest unit: PLN 19.90 is 1990, as 12.50 is 1250, JPY 1234 is 1234 and KWD
# 12.345 is 12345; identifications are the texts of the file.
# Seen: no entry is ever a reversal, since what the reader of XML has made true is compared with the text "true": the takings that were taken back count twice. 19.90 is
# 1989.9999999999998, so that it equals nothing and a cent is lost where it is cut; JPY 1234 is 123400, KWD 12.345 is 1234.5. Identifications of digits lose
# their zeros, some of them as numbers and some as texts; those with a letter are right. No word of any.
# Whoever takes statements with it reads `RvslInd` and references from the XML, and rounds the amounts by the currency.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund iso20022.js@0.0.15 >/dev/null
cat >look.mjs <<'JS'
import { CashManagementEndOfDayReport } from 'iso20022.js'

const day = '<Dt>2026-12-01</Dt>'
const entry = ([currency, amount, reference, reversal]) => `<Ntry><Amt Ccy="${currency}">${amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>${reversal}
  <Sts>BOOK</Sts><BookgDt>${day}</BookgDt><ValDt>${day}</ValDt><AcctSvcrRef>${reference}</AcctSvcrRef>
  <BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><RmtInf><Ustrd>${reference}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`
const at = '2026-12-01T23:00:00Z'
const statement = (...entries) => `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>${at}</CreDtTm></GrpHdr>
  <Stmt><Id>000412</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>${at}</CreDtTm><FrToDt><FrDtTm>${at}</FrDtTm><ToDtTm>${at}</ToDtTm></FrToDt>
  <Acct><Id><IBAN>PL61109010140000071219812874</IBAN></Id><Svcr><FinInstnId><BIC>WBKPPLPP</BIC></FinInstnId></Svcr></Acct>
  <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="PLN">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt>${day}</Dt></Bal>
  ${entries.map(entry).join('\n')}</Stmt></BkToCstmrStmt></Document>`

const { statements } = CashManagementEndOfDayReport.fromXML(
  statement(['PLN', '12.50', '000077', ''], ['PLN', '12.50', 'A0078', '<RvslInd>true</RvslInd>'], ['PLN', '19.90', 'A0079', '<RvslInd>false</RvslInd>'],
    ['JPY', '1234', 'A0080', ''], ['KWD', '12.345', 'A0081', '']))
console.log(`statement ${JSON.stringify(statements[0].id)}`)
for (const { currency, amount, reversal, accountServicerReferenceId, transactions } of statements[0].entries) {
  console.log(`${currency} ${amount}, reversal ${reversal}, ${JSON.stringify([accountServicerReferenceId, transactions[0].remittanceInformation])}`)
}
JS
seen=$(node look.mjs)
printf 'iso20022.js 0.0.15\n%s\n' "$seen"
expected='statement "412"
PLN 1250, reversal false, [77,77]
PLN 1250, reversal false, ["A0078","A0078"]
PLN 1989.9999999999998, reversal false, ["A0079","A0079"]
JPY 123400, reversal false, ["A0080","A0080"]
KWD 1234.5, reversal false, ["A0081","A0081"]'
[ "$seen" = "$expected" ]
