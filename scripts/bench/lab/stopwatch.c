// stopwatch - what a run took on the wire: from the first SYN that leaves an interface to the last answer before the
// client hangs up. It sees all tools alike and none of their start-up.
//   stopwatch NAMESPACE INTERFACE     prints "ready"; on SIGTERM "connections first_syn_to_last_answer_ms packets_out packets_in"
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ended;
static unsigned char hung_up[65536]; // by the port of the client

static void end(int signo) { ended = signo; }

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  char path[256];
  unsigned char packet[65536];
  if (argc != 3) return 2;
  snprintf(path, sizeof path, "/run/netns/%s", argv[1]);
  int netns = open(path, O_RDONLY);
  if (netns < 0 || setns(netns, CLONE_NEWNET)) { perror(path); return 1; }
  int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
  struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex(argv[2])};
  if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof where)) { perror(argv[2]); return 1; }
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  printf("ready\n");
  fflush(stdout);
  double first = 0, last = 0;
  int connections = 0, out = 0, in = 0;
  while (!ended) {
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size);
    struct iphdr *ip = (struct iphdr *)packet;
    if (length < 40 || ip->version != 4 || ip->protocol != IPPROTO_TCP) continue;
    struct tcphdr *tcp = (struct tcphdr *)(packet + ip->ihl * 4);
    int payload = ntohs(ip->tot_len) - ip->ihl * 4 - tcp->doff * 4;
    if (from.sll_pkttype == PACKET_OUTGOING) {
      out++;
      if (tcp->syn && !first) first = now_ms();
      if (tcp->syn) connections++, hung_up[ntohs(tcp->source)] = 0;
      if (tcp->fin || tcp->rst) hung_up[ntohs(tcp->source)] = 1;
    } else {
      in++;
      if (payload > 0 && !hung_up[ntohs(tcp->dest)]) last = now_ms();
    }
  }
  printf("%d %.1f %d %d\n", connections, first && last ? last - first : 0, out, in);
  return 0;
}
