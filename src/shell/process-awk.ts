/**
 * Functions of awk over a list of processes: `program(args)` is the name of the program of a command line; `own(pid)` tells whether a
 * process descends from the interpreter TILL_SELF, which is the look itself. `parent` has to map each pid to that of its parent.
 */
export const PROCESS_AWK = `function program(args,   words, n) {
    split(args, words, " ")
    sub(/^-/, "", words[1])
    sub(/:$/, "", words[1])
    n = split(words[1], words, "/")
    return words[n]
  }
  function own(pid,   steps) {
    for (steps = 0; pid > 1 && steps < 1000; steps++) {
      if (pid == ENVIRON["TILL_SELF"]) return 1
      pid = parent[pid]
    }
    return 0
  }`
