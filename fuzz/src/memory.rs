//! Ends inputs that make the code ask for too much memory at once. libFuzzer itself looks at the memory of the whole process once a
//! second, and sees only what was written to.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;

/// Most bytes of one allocation. The longest row of the product has a quarter of it.
const MOST_BYTES: usize = 1 << 30;

/// The allocator of the system, which ends the process where it is asked for too much.
struct Limited;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

fn check(bytes: usize) {
    if bytes > MOST_BYTES {
        eprintln!("ERROR: {bytes} bytes were asked for at once\n{}", Backtrace::force_capture());
        std::process::abort();
    }
}

// SAFETY: everything is left to the allocator of the system.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: the caller promises what the system asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        check(bytes);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, bytes) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}
