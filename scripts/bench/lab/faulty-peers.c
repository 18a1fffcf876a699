// faulty-peers - one port of tarpits and one of black holes, on every address of this network.
//   faulty-peers TARPIT_PORT BLACK_HOLE_PORT     prints "ready"
// A tarpit takes the connection and never says a byte. A black hole swallows the SYN: the queue of its listener is full and
// nobody empties it, so Linux drops what comes, as a firewall would.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(int port, int queue) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, queue)) { perror("listen"); exit(1); }
  return fd;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  int tarpit = listen_on(atoi(argv[1]), 1024), port = atoi(argv[2]);
  listen_on(port, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  for (int filler = 0; filler < 3; filler++)
    connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&to, sizeof to);
  printf("ready\n");
  fflush(stdout);
  while (accept(tarpit, NULL, NULL) >= 0) {}
  return 1;
}
