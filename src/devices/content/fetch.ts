import { EXIT, PLACE } from './place.ts'

const PYTHON = `import socket,sys
host,port,have,left=sys.argv[1],int(sys.argv[2]),sys.argv[3],int(sys.argv[4])
token=sys.stdin.readline().strip()
s=socket.create_connection((host,port),5)
s.settimeout(20)
s.sendall(("GET / HTTP/1.1\\r\\nHost: giver\\r\\nAuthorization: Bearer %s\\r\\nRange: bytes=%s-\\r\\nConnection: close\\r\\n\\r\\n"%(token,have)).encode())
f=s.makefile("rb")
said=f.readline(8192)
if said.split()[1:2]!=[b"206"]: sys.exit("the giver said "+said.decode("latin-1").strip())
for _ in range(100):
    if f.readline(8192) in (b"\\r\\n",b""): break
out=getattr(sys.stdout,"buffer",sys.stdout)
while left>0:
    part=f.read(min(left,65536))
    if not part: break
    out.write(part)
    left-=len(part)
out.flush()`

const PERL = `use strict; use IO::Socket::INET;
my ($host,$port,$have,$left)=@ARGV; my $token=<STDIN>; chomp $token; $|=1; binmode STDOUT;
my $s=IO::Socket::INET->new(PeerAddr=>$host,PeerPort=>$port,Proto=>"tcp",Timeout=>5) or die "$@\\n";
binmode $s; $SIG{ALRM}=sub { die "the giver is silent\\n" };
sub line { alarm 20; my $l=<$s>; alarm 0; return defined $l ? $l : "" }
$s->autoflush(1);
print $s "GET / HTTP/1.1\\r\\nHost: giver\\r\\nAuthorization: Bearer $token\\r\\nRange: bytes=$have-\\r\\nConnection: close\\r\\n\\r\\n";
my $said=line(); $said =~ m{^HTTP/[0-9.]+ 206} or die "the giver said $said\\n";
for (1..100) { last if line() =~ /^\\r?\\n?$/ }
while ($left>0) {
  my $part; alarm 20; my $n=read $s,$part,($left<65536 ? $left : 65536); alarm 0;
  last unless $n;
  print STDOUT $part; $left-=$n;
}`

/**
 * Gets what is missing of `$sha256` from a giver at `$host` `$port`, by the tool `$by`, behind what there is; never more
 * than `$bytes` in all. The token goes by a pipe: it stands on no command line. Ends with 0 if it is whole and what it
 * should be; what is not is thrown away, and what was cut short stays. Prints how many bytes there are.
 */
export const FETCH = `${PLACE}need_tool wc mv rm head
part=$place/$sha256.part
have=$(size_of "$part")
left=$((bytes - have))
get() {
  case $by in
    curl)
      name=$host; case $host in *:*) name="[$host]" ;; esac
      printf 'header = "Authorization: Bearer %s"\\n' "$token" |
        curl -q -sS -f -K - --noproxy '*' --connect-timeout 5 --speed-limit 1 --speed-time 20 -r "$have-" "http://$name:$port/"
      ;;
    python3) printf '%s\\n' "$token" | python3 -c '${PYTHON}' "$host" "$port" "$have" "$left" ;;
    perl) printf '%s\\n' "$token" | perl -e '${PERL}' -- "$host" "$port" "$have" "$left" ;;
    nc)
      printf 'GET / HTTP/1.1\\r\\nHost: giver\\r\\nAuthorization: Bearer %s\\r\\nRange: bytes=%s-\\r\\nConnection: close\\r\\n\\r\\n' "$token" "$have" |
        nc -w 20 -- "$host" "$port" | {
          IFS=' ' read -r version status rest
          [ "$status" = 206 ] || { printf '%s\\n' "the giver said $status" >&2; exit 1; }
          cr=$(printf '\\r')
          while IFS= read -r line && [ "$line" != "$cr" ]; do :; done
          cat
        }
      ;;
  esac
}
get | head -c "$left" >>"$part"
have=$(size_of "$part")
printf %s "$have"
[ "$have" -eq "$bytes" ] || exit ${EXIT.short}
is_it "$part" || { rm -f "$part"; exit ${EXIT.wrong}; }
mv -f "$part" "$place/$sha256"
`
