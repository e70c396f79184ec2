//! Counting the instructions that lock the bus, by executing one instruction at a time.

use std::collections::HashMap;

/// How many instructions there were.
pub struct Count {
    /// Of any kind.
    pub all: u64,
    /// With a `lock` prefix, and exchanges with memory, which lock without one.
    pub locked: u64,
}

/// Executes a function in a child process, step by step.
pub fn count(function: impl FnOnce()) -> Count {
    // SAFETY: this process has one thread. The child does nothing but call the function, whatever that does, and exit.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "a process can be started");
    if child == 0 {
        // SAFETY: the parent waits for these stops. What lies between them is counted.
        unsafe {
            libc::ptrace(libc::PTRACE_TRACEME);
            libc::raise(libc::SIGSTOP);
            function();
            libc::raise(libc::SIGSTOP);
            libc::_exit(0);
        }
    }
    assert!(libc::WIFSTOPPED(wait(child)), "the child can be traced");
    let mut seen: HashMap<u64, bool> = HashMap::new();
    let mut count = Count { all: 0, locked: 0 };
    loop {
        // SAFETY: the child is ours and stands still.
        unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, child, 0, 0) };
        let status = wait(child);
        assert!(libc::WIFSTOPPED(status), "the run came to its end");
        if libc::WSTOPSIG(status) == libc::SIGSTOP {
            break;
        }
        assert_eq!(libc::WSTOPSIG(status), libc::SIGTRAP, "the run went on");
        let address = instruction_pointer(child);
        count.all += 1;
        let locked = *seen.entry(address).or_insert_with(|| is_locked(&code(child, address)));
        count.locked += u64::from(locked);
    }
    // SAFETY: the child is ours.
    unsafe { libc::kill(child, libc::SIGKILL) };
    wait(child);
    count
}

fn wait(child: libc::pid_t) -> libc::c_int {
    let mut status = 0;
    // SAFETY: the status is ours to be written.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    status
}

fn instruction_pointer(child: libc::pid_t) -> u64 {
    let offset = std::mem::offset_of!(libc::user_regs_struct, rip);
    // SAFETY: the child is ours and stands still.
    unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, child, offset, 0) as u64 }
}

/// The first bytes of the instruction at an address; no instruction has more than fifteen.
fn code(child: libc::pid_t, address: u64) -> [u8; 16] {
    let mut code = [0; 16];
    for (place, word) in code.chunks_exact_mut(8).enumerate() {
        // SAFETY: the child is ours and stands still. Beyond the end of its code there is nothing to be read, which
        // reads as no instruction at all.
        let read =
            unsafe { libc::ptrace(libc::PTRACE_PEEKTEXT, child, address + 8 * place as u64, 0) };
        word.copy_from_slice(&read.to_le_bytes());
    }
    code
}

/// Whether an instruction locks the bus: Intel's manual, volume 2, "Instruction prefixes" and `XCHG`.
fn is_locked(code: &[u8; 16]) -> bool {
    const LOCK: u8 = 0xf0;
    const OTHER_PREFIXES: [u8; 10] = [0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65];
    let mut rest = &code[..];
    while let [prefix, tail @ ..] = rest {
        match prefix {
            &LOCK => return true,
            prefix if OTHER_PREFIXES.contains(prefix) => rest = tail,
            // REX, which comes last.
            0x40..=0x4f => {
                rest = tail;
                break;
            }
            _ => break,
        }
    }
    // An exchange of a register with memory: the operand's mode is not "register".
    matches!(rest, [0x86 | 0x87, mode, ..] if mode >> 6 != 3)
}
