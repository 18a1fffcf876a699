// meter - runs one command and says what it and everything that it started cost.
//   meter RESULT LIMIT_SECONDS SAMPLE_MS NETWORK COMMAND [ARGUMENT...]
// SAMPLE_MS 0: memory is not looked at. NETWORK: name of a network namespace, or -.
// RESULT becomes one line: wall_ms user_ms system_ms peak_pss_kb most_processes exit_code limit_hit
// Whatever is left of the tree when the command ends (masters of ControlPersist) is adopted (PR_SET_CHILD_SUBREAPER), ended and
// waited for, so that its CPU is counted too: getrusage(RUSAGE_CHILDREN).
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIDS 4194305
static int pids[PIDS], parents[PIDS], count; // parents: by pid; 0 is not there

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int parent_of(int pid) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  size_t length = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[length] = 0;
  char *end = strrchr(line, ')'), state;
  int parent = 0;
  if (!end || sscanf(end + 1, " %c %d", &state, &parent) != 2) return 0;
  return parent;
}

// Looks at all processes; keeps those that descend from this one in pids, and returns how many.
static int look_at_tree(void) {
  DIR *dir = opendir("/proc");
  struct dirent *entry;
  int all = 0;
  for (int i = 0; i < count; i++) parents[pids[i]] = 0;
  while (dir && (entry = readdir(dir)) && all < PIDS) {
    int pid = atoi(entry->d_name);
    if (pid <= 0 || pid >= PIDS) continue;
    pids[all++] = pid;
    parents[pid] = parent_of(pid);
  }
  if (dir) closedir(dir);
  int found = 0;
  for (int i = 0; i < all; i++) {
    int above = parents[pids[i]];
    for (int depth = 0; above > 1 && above != getpid() && depth < 64; depth++) above = parents[above];
    if (above == getpid()) pids[found++] = pids[i];
  }
  return count = found;
}

static long pss_kb(int pid) {
  char path[64], line[256];
  long kb = 0;
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "Pss: %ld", &kb) == 1) break;
  if (file) fclose(file);
  return kb;
}

static void signal_tree(int signo) {
  look_at_tree();
  for (int i = 0; i < count; i++) kill(pids[i], signo);
}

// Ends what is left and waits for it: gently for three seconds, then not.
static void end_tree(void) {
  double began = now_ms();
  int hard = 0;
  for (signal_tree(SIGTERM);;) {
    int pid = waitpid(-1, NULL, WNOHANG);
    if (pid < 0) return;
    if (pid > 0) continue;
    if (!hard && now_ms() - began > 3000) hard = 1;
    if (hard) signal_tree(SIGKILL);
    usleep(20000);
  }
}

static void enter(const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET)) { perror(path); exit(1); }
  close(fd);
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  double limit = atof(argv[2]) * 1e3, pause = atof(argv[3]);
  if (strcmp(argv[4], "-")) enter(argv[4]);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, &before);
  double began = now_ms(), sampled = began;
  int child = fork();
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    execvp(argv[5], argv + 5);
    perror(argv[5]);
    _exit(127);
  }
  long peak = 0;
  int most = 0, status = 0, hit = 0, ended = 0;
  double interval = pause > 0 ? pause : 1000;
  while (!ended) {
    struct timespec wait = {(long)(interval / 1e3), (long)interval % 1000 * 1000000L};
    int signo = sigtimedwait(&set, NULL, &wait);
    if (signo == SIGTERM || signo == SIGINT) { end_tree(); return 130; }
    for (int pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == child) { ended = 1; break; }
    if (ended) break;
    if (now_ms() - began > limit) { hit = 1; break; }
    if (pause > 0 && now_ms() - sampled >= interval) {
      double start = now_ms();
      int found = look_at_tree();
      long sum = 0;
      for (int i = 0; i < found; i++) sum += pss_kb(pids[i]);
      if (sum > peak) peak = sum;
      if (found > most) most = found;
      sampled = now_ms();
      // Looking may cost a tenth of the time at most.
      interval = (sampled - start) * 10 > pause ? (sampled - start) * 10 : pause;
    }
  }
  double wall = now_ms() - began;
  end_tree();
  struct rusage use;
  getrusage(RUSAGE_CHILDREN, &use);
  int code = hit ? 124 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  FILE *out = fopen(argv[1], "w");
  if (!out) { perror(argv[1]); return 1; }
  fprintf(out, "%.1f %.1f %.1f %ld %d %d %d\n", wall, use.ru_utime.tv_sec * 1e3 + use.ru_utime.tv_usec / 1e3,
          use.ru_stime.tv_sec * 1e3 + use.ru_stime.tv_usec / 1e3, peak, most, code, hit);
  return fclose(out) ? 1 : 0;
}
