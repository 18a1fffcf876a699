#!/usr/bin/env bash
# tap-out 3.0.0 (npm), by which reporters for the Test Anything Protocol count, and the smoke tests of a store's tills. TAP 13 and 14, "Directives": a test with # TODO that is not ok
# does not count as a failure; one with # SKIP was not run; both words in any case. "Bail out!" ends a run, whatever was ok before. TAP::Parser (Perl's own, as Debian 12 has
# it) stands beside it.
# Guess before the run: of ok, not ok # TODO, ok # SKIP the first passed, one is to do, one was skipped, and nothing failed; a run that bailed out is told so.
# Seen: tap-out knows neither: what is to do is among those that failed, what was skipped among those that passed, and the words are in the names. A till that could not be tested,
# since its printer was off, is green, and a known fault makes the store red. Of a run that bailed out it says "no plan provided"; why it ended is lost.
# Whoever judges by it looks for # SKIP, # TODO and "Bail out!" in the text.
set -euo pipefail
[ -x /usr/bin/perl ] || { echo "needs Perl"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund tap-out@3.0.0 >/dev/null
printf '%s\n' 'TAP version 13' '1..3' 'ok 1 - sells' 'not ok 2 - scale # TODO known' 'ok 3 - prints # SKIP printer is off' >directives
printf '%s\n' 'TAP version 13' 'ok 1 - sells' 'Bail out! no power' >bailed
cat >look.cjs <<'JS'
const { readFileSync } = require('node:fs')
const tapOut = require('tap-out')

for (const name of ['directives', 'bailed']) {
  tapOut((_, { pass, fail, errors }) => {
    const names = (list) => list.map((one) => one.name).join(', ') || 'none'
    console.log(`tap-out, ${name}: passed ${names(pass)}; failed ${names(fail)}; errors ${errors.map((one) => one.message).join(', ') || 'none'}`)
  }).end(readFileSync(name, 'utf8'))
}
JS
cat >look.pl <<'PL'
use TAP::Parser;
for my $name ('directives', 'bailed') {
    my $parser = TAP::Parser->new({ exec => [ 'cat', $name ] });
    my $bailed = 'none';
    while (my $result = $parser->next) { $bailed = $result->explanation if $result->is_bailout }
    printf "TAP::Parser, %s: failed %s; to do %s; skipped %s; bailed out: %s\n", $name, map({ join(',', @$_) || 'none' } [ $parser->failed ], [ $parser->todo ], [ $parser->skipped ]), $bailed;
}
PL
seen=$(node look.cjs; /usr/bin/perl look.pl)
printf 'tap-out 3.0.0\n%s\n' "$seen"
expected='tap-out, directives: passed sells, prints # SKIP printer is off; failed scale # TODO known; errors none
tap-out, bailed: passed sells; failed none; errors no plan provided
TAP::Parser, directives: failed none; to do 2; skipped 3; bailed out: none
TAP::Parser, bailed: failed none; to do none; skipped none; bailed out: no power'
[ "$seen" = "$expected" ]
