//! Reading from a stack that may end anywhere.

/// Reads words from memory of this process, and refuses what is not there.
pub(super) struct Reader {
    /// The last page that was found readable.
    page: u64,
}

/// The smallest page of the systems that are supported.
const PAGE: u64 = 4096;

impl Reader {
    pub fn new() -> Self {
        Self { page: u64::MAX }
    }

    /// The word at an address. Allocates nothing and takes no lock; may change `errno`.
    pub fn word(&mut self, address: u64) -> Result<u64, ()> {
        if !address.is_multiple_of(8) {
            return Err(());
        }
        let page = address / PAGE;
        if page != self.page {
            if !is_readable(address) {
                return Err(());
            }
            self.page = page;
        }
        // SAFETY: the page is readable, and an aligned word lies in one page. It is on the stack of this very
        // thread, which waits meanwhile; whatever it holds is a number.
        Ok(unsafe { std::ptr::read_volatile(address as *const u64) })
    }
}

/// Whether a word can be read: the system copies a signal mask from there before it looks at what is to be done with
/// it, which is nothing that it knows. If it cannot, it says `EFAULT`, and otherwise `EINVAL`.
fn is_readable(address: u64) -> bool {
    const NO_ACTION: libc::c_long = -1;
    const MASK_BYTES: libc::c_long = 8;
    // SAFETY: the call reads at most, and checks the address that it reads from.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            NO_ACTION,
            address,
            std::ptr::null_mut::<libc::c_void>(),
            MASK_BYTES,
        )
    };
    // SAFETY: the location of this thread's error number is valid as long as the thread lives.
    result == -1 && unsafe { *libc::__errno_location() } == libc::EINVAL
}
