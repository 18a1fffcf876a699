/** Whether a process of this number is there, as far as this process may see: one of another user's counts, one of another container's does not. */
export function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
