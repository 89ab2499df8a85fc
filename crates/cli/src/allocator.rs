//! What the allocator may hold back where memory is limited.

/// Makes glibc return large allocations to the system as soon as they are free, and keep few pools.
///
/// By itself it raises the size from which it does so with every larger piece that is freed, and has eight pools a
/// core: 50 MB more for a database with a limit of 64 MB, for some 7 % less CPU. Without a limit we leave it at that.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator of C has no other face")]
pub(crate) fn give_back_early() {
    // SAFETY: these calls change numbers inside of the allocator, under its own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10);
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}

/// Other allocators have their own ways.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back_early() {}
