// The floor in C: connect, check the host key, log in with an ed25519 key, run one command, read its answer, on every
// address of a list. One thread, IN_FLIGHT connections at a time, nothing else.
//   bare-libssh2 HOSTS PORT USER KEY_FILE HOST_KEY_FILE IN_FLIGHT COMMAND     (HOST_KEY_FILE: OpenSSH .pub)
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libssh2.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum stage { CONNECT, HANDSHAKE, LOGIN, OPEN, EXEC, READ, CLOSE, DONE };
struct device { int fd, code; enum stage stage; LIBSSH2_SESSION *session; LIBSSH2_CHANNEL *channel; const char *address; };

static const char *user, *command;
static char *key, *trusted;
static size_t key_length;

static char *slurp(const char *path, size_t *length) {
  FILE *file = fopen(path, "r");
  if (!file) { perror(path); exit(2); }
  char *text = calloc(1, 1 << 24);
  *length = fread(text, 1, (1 << 24) - 1, file);
  fclose(file);
  return text;
}

static char *base64(const unsigned char *bytes, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = calloc(1, length * 2 + 8), *end = text;
  for (size_t i = 0; i < length; i += 3) {
    unsigned group = bytes[i] << 16 | (i + 1 < length ? bytes[i + 1] << 8 : 0) | (i + 2 < length ? bytes[i + 2] : 0);
    *end++ = digits[group >> 18];
    *end++ = digits[group >> 12 & 63];
    *end++ = i + 1 < length ? digits[group >> 6 & 63] : '=';
    *end++ = i + 2 < length ? digits[group & 63] : '=';
  }
  return text;
}

static int host_key_is_trusted(LIBSSH2_SESSION *session) {
  size_t length;
  int type;
  const char *blob = libssh2_session_hostkey(session, &length, &type);
  char *text = blob ? base64((const unsigned char *)blob, length) : NULL;
  int same = text && strstr(trusted, text) != NULL;
  free(text);
  return same;
}

static void begin(struct device *device, const char *address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_aton(address, &to.sin_addr);
  *device = (struct device){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .code = -1, .address = address};
  int on = 1;
  setsockopt(device->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(device->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) device->stage = DONE;
}

// One move; 0 went on, LIBSSH2_ERROR_EAGAIN wait, anything else is the end.
static int move(struct device *d) {
  int error = 0;
  char buffer[4096];
  socklen_t size = sizeof error;
  switch (d->stage) {
    case CONNECT:
      getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error) return -1;
      d->session = libssh2_session_init();
      libssh2_session_set_blocking(d->session, 0);
      libssh2_session_method_pref(d->session, LIBSSH2_METHOD_HOSTKEY, "ssh-ed25519");
      libssh2_session_method_pref(d->session, LIBSSH2_METHOD_KEX, "curve25519-sha256");
      break;
    case HANDSHAKE:
      if ((error = libssh2_session_handshake(d->session, d->fd))) return error;
      if (!host_key_is_trusted(d->session)) return -1;
      break;
    case LOGIN:
      if ((error = libssh2_userauth_publickey_frommemory(d->session, user, strlen(user), NULL, 0, key, key_length, NULL)))
        return error;
      break;
    case OPEN:
      if (!(d->channel = libssh2_channel_open_session(d->session)))
        return libssh2_session_last_errno(d->session);
      break;
    case EXEC:
      if ((error = libssh2_channel_exec(d->channel, command))) return error;
      break;
    case READ:
      while ((error = libssh2_channel_read(d->channel, buffer, sizeof buffer)) > 0) {}
      if (error) return error;
      if (!libssh2_channel_eof(d->channel)) return LIBSSH2_ERROR_EAGAIN;
      break;
    case CLOSE:
      if ((error = libssh2_channel_close(d->channel))) return error;
      d->code = libssh2_channel_get_exit_status(d->channel);
      break;
    case DONE:
      return -1;
  }
  d->stage++;
  return d->stage == DONE ? -1 : 0;
}

static void finish(struct device *d) {
  if (d->session) {
    libssh2_session_set_blocking(d->session, 0);
    libssh2_session_disconnect(d->session, "done");
    libssh2_session_free(d->session);
  }
  close(d->fd);
}

int main(int argc, char **argv) {
  if (argc != 8) return 2;
  size_t length;
  char *text = slurp(argv[1], &length), *next = strtok(text, "\n");
  int port = atoi(argv[2]), most = atoi(argv[6]), active = 0, failed = 0, all = 0;
  user = argv[3];
  key = slurp(argv[4], &key_length);
  trusted = slurp(argv[5], &length);
  command = argv[7];
  struct device *devices = calloc(most, sizeof *devices);
  struct pollfd *polls = calloc(most, sizeof *polls);
  libssh2_init(0);
  while (next || active) {
    for (; next && active < most; next = strtok(NULL, "\n")) begin(&devices[active++], next, port);
    for (int i = 0; i < active; i++) {
      int both = devices[i].session ? libssh2_session_block_directions(devices[i].session) : LIBSSH2_SESSION_BLOCK_OUTBOUND;
      polls[i].fd = devices[i].fd;
      polls[i].events = (both & LIBSSH2_SESSION_BLOCK_INBOUND ? POLLIN : 0) | (both & LIBSSH2_SESSION_BLOCK_OUTBOUND ? POLLOUT : 0);
      if (!polls[i].events) polls[i].events = POLLIN;
    }
    poll(polls, active, 10000);
    for (int i = active - 1; i >= 0; i--) {
      int result = LIBSSH2_ERROR_EAGAIN;
      if (polls[i].revents) while ((result = move(&devices[i])) == 0) {}
      if (result == LIBSSH2_ERROR_EAGAIN) continue;
      all++;
      if (devices[i].code != 0) { failed++; fprintf(stderr, "%s: failed (%d) at stage %d\n", devices[i].address, result, devices[i].stage); }
      finish(&devices[i]);
      devices[i] = devices[--active];
      polls[i] = polls[active];
    }
  }
  printf("%d of %d\n", all - failed, all);
  return failed ? 1 : 0;
}
