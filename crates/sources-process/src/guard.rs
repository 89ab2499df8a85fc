//! Programs must not outlive a run, not even one that ends by `kill -9`.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Waits on a pipe that nobody writes to. It ends when the last writer is gone, and that is this process. The files that
/// the program was given may hold secrets.
const SCRIPT: &str = "read -r _; kill -KILL \"-$1\"; [ -z \"$2\" ] || rm -rf \"$2\"";

/// A small shell that kills the process group of a program, and removes its files, when this process ends, however it
/// ends.
pub(crate) struct Guard(Child);

impl Guard {
    /// Guards a program that leads a process group. `None` where there is no shell: the program is killed then only
    /// by a run that ends in order.
    pub(crate) fn of(program: &Child, files: Option<&Path>) -> Option<Self> {
        let started = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "cartage-guard", &program.id().to_string()])
            .arg(files.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match started {
            Ok(child) => Some(Self(child)),
            Err(error) => {
                tracing::debug!(%error, "no shell guards the program");
                None
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before its pipe closes, or it would do its work: the group may be another one by now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn the_group_of_a_program_is_killed_when_its_guard_is_alone() {
        let mut program = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("files of a program");
        std::fs::create_dir(&files).unwrap();
        let mut guard = Guard::of(&program, Some(&files)).unwrap();
        // As the end of this process does.
        drop(guard.0.stdin.take());
        assert_eq!(program.wait().unwrap().signal(), Some(9));
        assert!(guard.0.wait().unwrap().success());
        assert!(!files.exists());
    }
}
