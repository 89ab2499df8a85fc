//! CPU and memory of this process, for log lines.

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Reads the usage of this process.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Absent where the system does not tell.
    system: Option<System>,
    pid: Pid,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { system: System::new().ok(), pid: Pid::from_u32(std::process::id()) }
    }

    /// CPU in per cent of one core since the last call, and resident memory in bytes.
    pub(crate) fn usage(&mut self) -> Option<(f32, u64)> {
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        let system = self.system.as_mut()?;
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[self.pid]), false, what);
        let process = system.process(self.pid)?;
        Some((process.cpu_usage(), process.memory()))
    }
}
