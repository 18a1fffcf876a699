#!/usr/bin/env bash
# @hotglue/cron-builder 0.3.1 (npm), which changes one value of a line of cron, as a page does where stores tick the hours of a job. Its page: lines may be given to the constructor;
# `addValue` and `removeValue` "build or take away from what is currently set".
# Guess before the run: hour 2 is taken out of "0 2,22 * * *" by `removeValue`, as it is out of 2 and 22 that were added one by one; where the last hour is taken away, an
# error is told, or a line with no hour; 2 is not added a second time.
# Seen: of a line that came by the constructor nothing is taken out, with no error, and the job still runs at 2, since "2,22" is one value there; one value alone is taken out. Where
# the last hour goes, the field is a star: the job that was to run never more runs each hour. 2 stands there twice.
# Whoever changes lines by it sets each field as a list first, and looks at the list before the last value goes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @hotglue/cron-builder@0.3.1 >/dev/null
cat >look.js <<'JS'
const Builder = require('@hotglue/cron-builder')

const look = (name, line, change) => {
  const builder = new Builder(line)
  change(builder)
  console.log(`${name}: ${line} becomes ${builder.build()}`)
}
look('set as a list, then without 2', '0 2,22 * * *', (builder) => {
  builder.set('hour', ['2', '22'])
  builder.removeValue('hour', '2')
})
look('without 2', '0 2,22 * * *', (builder) => builder.removeValue('hour', '2'))
look('without the last one', '0 2 * * 6', (builder) => builder.removeValue('hour', '2'))
look('2 once more', '0 2,22 * * *', (builder) => builder.addValue('hour', '2'))
JS
seen=$(node look.js)
printf '@hotglue/cron-builder 0.3.1\n%s\n' "$seen"
expected='set as a list, then without 2: 0 2,22 * * * becomes 0 22 * * *
without 2: 0 2,22 * * * becomes 0 2,22 * * *
without the last one: 0 2 * * 6 becomes 0 * * * 6
2 once more: 0 2,22 * * * becomes 0 2,22,2 * * *'
[ "$seen" = "$expected" ]
