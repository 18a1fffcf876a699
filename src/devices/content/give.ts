import { EXIT, PLACE } from './place.ts'

/**
 * Givers serve one file by HTTP/1.1 to whoever says the token (RFC 6750, section 2.1), from the byte that is asked for (RFC
 * 9110, section 14.2). No path leads anywhere: what is asked for is never looked at. A giver ends with the first request that got
 * all of it, with its deadline, and by itself; it holds the file open, and says where it listens in `port`.
 */
const PYTHON = `import hmac,os,shutil,signal,socket,sys,time
entry,folder,seconds,host=sys.argv[1:5]
def end(*_):
    shutil.rmtree(folder,True)
    os._exit(0)
signal.signal(signal.SIGALRM,end)
signal.signal(signal.SIGTERM,end)
signal.signal(signal.SIGHUP,signal.SIG_IGN)
signal.alarm(int(seconds))
token=open(folder+"/token","rb").read().strip()
content=open(entry,"rb")
size=os.fstat(content.fileno()).st_size
info=socket.getaddrinfo(host,0,0,socket.SOCK_STREAM)[0]
s=socket.socket(info[0],socket.SOCK_STREAM)
s.bind(info[4])
s.listen(4)
with open(folder+"/new","w") as f: f.write("%s %d"%s.getsockname()[:2])
os.rename(folder+"/new",folder+"/port")
def give(c):
    until=time.time()+5
    head=b""
    while b"\\r\\n\\r\\n" not in head and len(head)<8192:
        c.settimeout(max(0.01,until-time.time()))
        got=c.recv(2048)
        if not got: return False
        head+=got
    said,at=b"",0
    for line in head.split(b"\\r\\n")[1:]:
        name,_,value=line.partition(b":")
        name,value=name.strip().lower(),value.strip()
        if name==b"authorization": said=value
        if name==b"range" and value[:6]==b"bytes=" and value[6:].split(b"-")[0].isdigit(): at=int(value[6:].split(b"-")[0])
    c.settimeout(20)
    if not hmac.compare_digest(said,b"Bearer "+token) or at>size:
        c.sendall(b"HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
        return False
    c.sendall(("HTTP/1.1 206 Partial Content\\r\\nContent-Range: bytes %d-%d/%d\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n"%(at,size-1,size,size-at)).encode())
    content.seek(at)
    while True:
        part=content.read(65536)
        if not part: break
        c.sendall(part)
    c.shutdown(socket.SHUT_WR)
    while c.recv(2048): pass
    return True
while True:
    c,_=s.accept()
    try:
        if give(c): break
    except (OSError,ValueError): pass
    finally: c.close()
end()`

const PERL = `use strict; use IO::Socket::INET; use IO::Select;
my ($entry,$folder,$seconds,$host)=@ARGV;
sub finish { unlink glob("$folder/*"); rmdir $folder; exit 0 }
my $dead=time+$seconds;
$SIG{ALRM}=\\&finish; $SIG{TERM}=\\&finish; $SIG{HUP}="IGNORE"; $SIG{PIPE}="IGNORE";
alarm $seconds;
open(my $t,"<","$folder/token") or die; my $token=<$t>; chomp $token; close $t;
open(my $file,"<:raw",$entry) or die; my $size=-s $file;
my $s=IO::Socket::INET->new(LocalAddr=>$host,LocalPort=>0,Proto=>"tcp",Listen=>4) or die "$@";
open(my $p,">","$folder/new") or die; print $p $s->sockhost," ",$s->sockport; close $p;
rename "$folder/new","$folder/port";
sub ready { my ($c,$write,$left)=@_; my $w=IO::Select->new($c); return $left>0 && ($write ? $w->can_write($left) : $w->can_read($left)) }
sub put {
  my ($c,$text)=@_; my $at=0;
  while ($at<length $text) {
    return 0 unless ready($c,1,20);
    my $n=syswrite $c,$text,length($text)-$at,$at;
    if (!defined $n) { next if $!{EAGAIN}; return 0 }
    $at+=$n;
  }
  return 1;
}
sub same { my ($x,$y)=@_; return 0 if length $x != length $y; my $d=0; $d|=ord(substr $x,$_,1)^ord(substr $y,$_,1) for 0..length($x)-1; return $d==0 }
sub give {
  my $c=shift; $c->blocking(0); my ($until,$head)=(time+5,"");
  while ($head !~ /\\r\\n\\r\\n/ && length $head<8192) {
    return 0 unless ready($c,0,$until-time);
    my $n=sysread $c,$head,2048,length $head;
    return 0 unless $n;
  }
  my ($said)=$head=~/\\r\\nAuthorization:[ \\t]*([^\\r\\n]*)/i; my ($at)=$head=~/\\r\\nRange:[ \\t]*bytes=([0-9]{1,15})-/i; $at||=0;
  if (!defined $said || !same($said,"Bearer $token") || $at>$size) {
    put($c,"HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"); return 0;
  }
  put($c,sprintf("HTTP/1.1 206 Partial Content\\r\\nContent-Range: bytes %d-%d/%d\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n",$at,$size-1,$size,$size-$at)) or return 0;
  seek $file,$at,0; my $part;
  while (read $file,$part,65536) { put($c,$part) or return 0 }
  shutdown $c,1; my $rest;
  for (;;) { return 0 unless ready($c,0,20); my $n=sysread $c,$rest,2048; return 0 unless defined $n; return 1 if $n==0 }
}
while (1) { my $c=$s->accept or next; my $all=give($c); close $c; last if $all }
finish()`

/**
 * Starts a giver of `$sha256` for `$seconds`, where we came in, or on `$host` where that is not known. The token is in a file of the account's
 * own while it runs. Prints `address`, `port`, `pid` and `folder`.
 */
export const GIVE = `${PLACE}need_tool id mktemp rm
entry=$place/$sha256
[ -f "$entry" ] || exit ${EXIT.absent}
is_it "$entry" || { rm -f "$entry"; exit ${EXIT.absent}; }
came() { printf %s "$3"; }
seen=$(came \${SSH_CONNECTION:-})
case $seen in '' | 127.* | ::1) ;; *) host=$seen ;; esac
host=\${host:-$seen}
if [ -z "$host" ]; then printf '%s\\n' "its address in the LAN is not known" >&2; exit ${EXIT.notStarted}; fi
with=
for tool in python3 perl; do if command -v "$tool" >/dev/null 2>&1; then with=$tool; break; fi; done
if [ -z "$with" ]; then printf '%s\\n' "it has neither python3 nor perl" >&2; exit ${EXIT.noTool}; fi
folder=$(mktemp -d "$place/give-XXXXXX") || exit
printf '%s\\n' "$token" >"$folder/token" || exit
if [ "$with" = python3 ]; then
  python3 -c '${PYTHON}' "$entry" "$folder" "$seconds" "$host" </dev/null >/dev/null 2>"$folder/said" &
else
  perl -e '${PERL}' "$entry" "$folder" "$seconds" "$host" </dev/null >/dev/null 2>"$folder/said" &
fi
pid=$!
tries=0
while [ ! -f "$folder/port" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
  sleep 0.1 2>/dev/null || sleep 1
  tries=$((tries + 1))
done
if [ ! -f "$folder/port" ]; then
  kill "$pid" 2>/dev/null
  tail -n 1 "$folder/said" >&2
  rm -rf "$folder"
  exit ${EXIT.notStarted}
fi
read -r address port <"$folder/port"
printf '%s\\n' "address=$address" "port=$port" "pid=$pid" "folder=$folder"
`

/** Ends a giver that is there still. */
export const STOP_GIVING = `${PLACE}
case $folder in "$place"/give-*) ;; *) exit 0 ;; esac
if [ -f "$folder/token" ]; then kill "$pid" 2>/dev/null; fi
rm -rf "$folder"
exit 0
`
