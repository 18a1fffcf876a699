#!/usr/bin/env bash
# isomorphic-git 1.44.19 (npm) beside git: it knows no .gitattributes. A checkout by it has other bytes than git's of the same commit: batch files
# for Windows tills without CR (`eol=crlf`), an INI file that its program reads as UTF-16 in UTF-8 (`working-tree-encoding`). Seen from the
# other side, a clean clone by git counts as changed in each such file, so that a comparison of "what is there" by it is never in order.
# Guess before the run: the same bytes, at least for `eol`. Seen: what is in the commit, whatever the attributes say.
set -eu
command -v git >/dev/null || { echo "needs git"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund isomorphic-git@1.44.19 >/dev/null
cat >look.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import git from 'isomorphic-git'

const system = (folder, ...args) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=Shop', '-c', 'user.email=shop@example.org', ...args], { encoding: 'utf8' })
fs.mkdirSync('made')
system('made', 'init', '-q', '-b', 'main')
fs.writeFileSync('made/.gitattributes', '*.bat text eol=crlf\n*.ini text working-tree-encoding=UTF-16LE-BOM eol=crlf\n')
fs.writeFileSync('made/start.bat', 'echo 1\r\n')
fs.writeFileSync('made/till.ini', Buffer.from('\ufeffa=1\r\n', 'utf16le'))
system('made', 'add', '.')
system('made', 'commit', '-qm', 'Files for tills')
system('.', 'clone', '-q', 'made', 'cloned')
fs.cpSync('made/.git', 'checked/.git', { recursive: true })
await git.checkout({ fs, dir: 'checked', ref: 'main', force: true })
for (const [who, folder] of [['git', 'cloned'], ['isomorphic-git', 'checked']])
  for (const name of ['start.bat', 'till.ini']) console.log(`${who} ${name}: ${fs.readFileSync(`${folder}/${name}`).toString('hex')}`)
const changed = (await git.statusMatrix({ fs, dir: 'cloned' })).filter(([, , workdir]) => workdir === 2).map(([name]) => name)
console.log(`of git's clean clone it says changed: ${changed.join(', ')}; git says: ${system('cloned', 'status', '--porcelain') || 'nothing'}`)
JS
seen=$(node look.mjs)
expected="git start.bat: 6563686f20310d0a
git till.ini: fffe61003d0031000d000a00
isomorphic-git start.bat: 6563686f20310a
isomorphic-git till.ini: 613d310a
of git's clean clone it says changed: start.bat, till.ini; git says: nothing"
printf 'isomorphic-git 1.44.19, %s\n%s\n' "$(git --version)" "$seen"
[ "$seen" = "$expected" ]
